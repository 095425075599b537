package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"reconcile/reconciler"
)

// Ways to tell of figures and traces.
const (
	None = "none"
	OTLP = "otlp"
	EMF  = "emf" // figures alone
)

// Options say what is told, and where to. Where OTLP goes, say the standard
// OTEL_* variables.
type Options struct {
	Metrics string      // None, OTLP or EMF
	Traces  string      // None or OTLP
	Version string      // of this program
	Lines   io.Writer   // EMF: one JSON object a line
	Failed  func(error) // is told of spans that could not be sent meanwhile
}

// Telemetry observes passes, one at a time. Nil observes nothing.
type Telemetry struct {
	mu     sync.Mutex
	now    func() time.Time
	tracer trace.Tracer
	meter  meter
	run    *run
	done   []report
	flush  func(context.Context) error // spans
	close  func(context.Context) error
}

// meter tells of measures.
type meter interface {
	tell(ctx context.Context, r report) error
}

// report is what one pass came to, or one workspace that was visited here for
// a pass elsewhere.
type report struct {
	at       time.Time
	about    map[string]any // for people who read it: no figure
	measures []measure
}

// Open readies what the options ask for; nil when that is nothing. An error
// is a setting that is wrong.
func Open(o Options) (*Telemetry, error) {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || o.Metrics == None && o.Traces == None {
		return nil, nil
	}
	t := &Telemetry{now: time.Now, tracer: noop.NewTracerProvider().Tracer("")}
	nothing := func(context.Context) error { return nil }
	t.flush, t.close = nothing, nothing
	resource, err := resourceOf(o)
	if err != nil {
		return nil, err
	}
	switch o.Metrics {
	case OTLP:
		sender, err := newSender("METRICS", "/v1/metrics")
		if err != nil {
			return nil, err
		}
		if t.meter, err = newOTLPMeter(resource, sender); err != nil {
			return nil, err
		}
	case EMF:
		t.meter = &emfMeter{namespace: serviceName(resource), to: o.Lines}
	}
	if o.Traces == OTLP {
		sender, err := newSender("TRACES", "/v1/traces")
		if err != nil {
			return nil, err
		}
		if err := t.trace(resource, sender, o.Failed); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// patience is how long a pass waits for its telemetry to be taken.
const patience = 10 * time.Second

// Flush sends what was observed, even when ctx has ended.
func (t *Telemetry) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	t.mu.Lock()
	done := t.done
	t.done = nil
	t.mu.Unlock()
	var errs []error
	for _, r := range done {
		if t.meter != nil {
			errs = append(errs, t.meter.tell(ctx, r))
		}
	}
	if err := errors.Join(append(errs, t.flush(ctx))...); err != nil {
		return fmt.Errorf("telemetry was not sent: %w", err)
	}
	return nil
}

// Close sends what is left, and gives back what is held.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	err := t.Flush(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	return errors.Join(err, t.close(ctx))
}

// Observe takes an event in. It sends nothing, and does not wait.
func (t *Telemetry) Observe(e reconciler.Event) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if t.run == nil || t.run.id != e.Run {
		t.run = newRun(t.tracer, e, now)
	}
	if r, done := t.run.take(e, now); done {
		t.run, t.done = nil, append(t.done, r)
	}
}
