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
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// Values of Options.Metrics and Options.Traces.
const (
	None = "none"
	OTLP = "otlp"
	EMF  = "emf" // metrics only
)

// Options configure the telemetry. The standard OTEL_* variables set the OTLP receiver.
type Options struct {
	Metrics   string      // None, OTLP or EMF
	Traces    string      // None or OTLP
	Version   string      // of this program
	EMFOutput io.Writer   // EMF: one JSON object a line
	OnError   func(error) // handles errors of sending spans in the background
}

// Telemetry observes passes, also at once. A nil Telemetry does nothing.
type Telemetry struct {
	mu        sync.Mutex
	now       func() time.Time
	tracer    trace.Tracer
	exporter  metricExporter
	observers map[runid.ID]*passObserver // by run
	reports   []passReport
	flush     func(context.Context) error // spans
	close     func(context.Context) error
}

// metricExporter sends the metrics of a pass.
type metricExporter interface {
	export(ctx context.Context, r passReport) error
}

// passReport holds the metrics of a pass, or of one workspace that this process applied
// for a pass in another process.
type passReport struct {
	time    time.Time
	fields  map[string]any // context for people; not metrics
	samples []sample
}

// Open starts the telemetry of the options; it returns nil if they set none. An error
// means a wrong setting.
func Open(o Options) (*Telemetry, error) {
	if isDisabled() || o.Metrics == None && o.Traces == None {
		return nil, nil
	}
	t := &Telemetry{now: time.Now, tracer: noop.NewTracerProvider().Tracer(""), observers: map[runid.ID]*passObserver{}}
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

func isDisabled() bool { return os.Getenv("OTEL_SDK_DISABLED") == "true" }

// Check sends a message without data to each receiver of OTLP, which answers it with
// success: https://opentelemetry.io/docs/specs/otlp/#full-success-1. It returns their
// addresses.
func Check(ctx context.Context, o Options) (receivers []string, err error) {
	if isDisabled() {
		return nil, nil
	}
	for _, signal := range []struct {
		value, name, path string
		message           proto.Message
	}{
		{o.Metrics, "METRICS", "/v1/metrics", &metricspb.MetricsData{}},
		{o.Traces, "TRACES", "/v1/traces", &tracepb.TracesData{}},
	} {
		if signal.value != OTLP {
			continue
		}
		sender, err := newSender(signal.name, signal.path)
		if err != nil {
			return receivers, err
		}
		if err := sender.send(ctx, signal.message); err != nil {
			return receivers, err
		}
		receivers = append(receivers, redactURL(sender.url))
	}
	return receivers, nil
}

// exportTimeout is how long a pass waits for the export of its telemetry.
const exportTimeout = 10 * time.Second

// Flush sends all observed data, even if ctx has ended.
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

// Close sends the rest and releases resources.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	err := t.Flush(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	return errors.Join(err, t.close(ctx))
}

// Observe records an event. It sends nothing and does not block.
func (t *Telemetry) Observe(e run.Event) {
	if t == nil || e.Phase == run.PhaseOvertaken { // the spans of its workspaces go on
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	observer := t.observers[e.Run]
	if observer == nil {
		observer = newPassObserver(t.tracer, e, now)
		t.observers[e.Run] = observer
	}
	if r, done := observer.handle(e, now); done {
		delete(t.observers, e.Run)
		t.reports = append(t.reports, r)
	}
}
