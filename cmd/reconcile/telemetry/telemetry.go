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
	Metrics   string      // None, OTLP or EMF
	Traces    string      // None or OTLP
	Version   string      // of this program
	EMFOutput io.Writer   // EMF: one JSON object a line
	OnError   func(error) // is told of spans that could not be sent meanwhile
}

// Telemetry observes passes, one at a time. Nil observes nothing.
type Telemetry struct {
	mu       sync.Mutex
	now      func() time.Time
	tracer   trace.Tracer
	exporter metricExporter
	observer *passObserver
	reports  []passReport
	flush    func(context.Context) error // spans
	close    func(context.Context) error
}

// metricExporter tells of measures.
type metricExporter interface {
	export(ctx context.Context, r passReport) error
}

// passReport is what one pass came to, or one workspace that was visited here for
// a pass elsewhere.
type passReport struct {
	time    time.Time
	fields  map[string]any // for people who read it: no figure
	samples []sample
}

// Open readies what the options ask for; nil when that is nothing. An error
// is a setting that is wrong.
func Open(o Options) (*Telemetry, error) {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" || o.Metrics == None && o.Traces == None {
		return nil, nil
	}
	t := &Telemetry{now: time.Now, tracer: noop.NewTracerProvider().Tracer("")}
	doNothing := func(context.Context) error { return nil }
	t.flush, t.close = doNothing, doNothing
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
		if t.exporter, err = newOTLPExporter(resource, sender); err != nil {
			return nil, err
		}
	case EMF:
		t.exporter = &emfExporter{namespace: serviceName(resource), w: o.EMFOutput}
	}
	if o.Traces == OTLP {
		sender, err := newSender("TRACES", "/v1/traces")
		if err != nil {
			return nil, err
		}
		if err := t.startTracing(resource, sender, o.OnError); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// exportTimeout is how long a pass waits for its telemetry to be taken.
const exportTimeout = 10 * time.Second

// Flush sends what was observed, even when ctx has ended.
func (t *Telemetry) Flush(ctx context.Context) error {
	if t == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	t.mu.Lock()
	reports := t.reports
	t.reports = nil
	t.mu.Unlock()
	var errs []error
	for _, r := range reports {
		if t.exporter != nil {
			errs = append(errs, t.exporter.export(ctx, r))
		}
	}
	if err := errors.Join(append(errs, t.flush(ctx))...); err != nil {
		return fmt.Errorf("could not send telemetry: %w", err)
	}
	return nil
}

// Close sends what is left, and gives back what is held.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	err := t.Flush(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
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
	if t.observer == nil || t.observer.id != e.Run {
		t.observer = newPassObserver(t.tracer, e, now)
	}
	if r, done := t.observer.handle(e, now); done {
		t.observer, t.reports = nil, append(t.reports, r)
	}
}
