package telemetry

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"reconcile/internal/runid"
	"reconcile/reconciler/run"
)

// phaseSpan is a span with child spans for its phases, one after the other.
type phaseSpan struct {
	tracer     trace.Tracer
	ctx        context.Context // of the whole
	phaseCtx   context.Context // of the phase
	span       trace.Span
	child      trace.Span
	phase      run.Phase
	startedAt  time.Time
	phaseStart time.Time // of the phase
}

func newPhaseSpan(ctx context.Context, tracer trace.Tracer, name string, now time.Time, attrs ...attribute.KeyValue) *phaseSpan {
	c := &phaseSpan{tracer: tracer, startedAt: now}
	c.ctx, c.span = tracer.Start(ctx, name, trace.WithTimestamp(now), trace.WithAttributes(attrs...))
	c.phaseCtx = c.ctx
	return c
}

// startPhase ends the current phase and starts another.
func (s *phaseSpan) startPhase(phase run.Phase, now time.Time) {
	s.endPhase("", now)
	s.phase, s.phaseStart = phase, now
	s.phaseCtx, s.child = s.tracer.Start(s.ctx, string(phase), trace.WithTimestamp(now))
}

func (s *phaseSpan) endPhase(reason string, now time.Time) {
	if s.child == nil {
		return
	}
	if reason != "" {
		s.child.SetStatus(codes.Error, reason)
	}
	s.child.End(trace.WithTimestamp(now))
	s.child = nil
}

// end ends the phase and the whole span; reason is the error of the phase, or "".
func (s *phaseSpan) end(reason string, now time.Time, attrs ...attribute.KeyValue) {
	s.endPhase(reason, now)
	s.span.SetAttributes(attrs...)
	if reason != "" {
		s.span.SetStatus(codes.Error, reason)
	}
	s.span.End(trace.WithTimestamp(now))
}

// startTracing starts sending spans.
func (t *Telemetry) startTracing(r *resource.Resource, s *sender, onError func(error)) error {
	exporter, err := otlptrace.New(context.Background(), traceClient{s})
	if err != nil {
		return err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(onError))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(r), sdk.WithIDGenerator(runIDGenerator{}))
	t.tracer = provider.Tracer("reconcile")
	t.flush, t.close = provider.ForceFlush, provider.Shutdown
	return nil
}

// runIDGenerator gives the trace of a pass the id of its run, which has the same length.
// So remote work for a pass is in the same trace, below a span whose id is the end of
// the run's id.
type runIDGenerator struct{}

type runKey struct{}

// rootContext makes the next root span the span of a run.
func rootContext(ctx context.Context, runID runid.ID) context.Context {
	return context.WithValue(ctx, runKey{}, runID)
}

// childContext puts spans below the span of a run in another process.
func childContext(ctx context.Context, runID runid.ID) context.Context {
	traceID, spanID, ok := idsOf(runID)
	if !ok {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

func idsOf(runID runid.ID) (trace.TraceID, trace.SpanID, bool) {
	id, err := ulid.ParseStrict(string(runID))
	if err != nil {
		return trace.TraceID{}, trace.SpanID{}, false
	}
	return trace.TraceID(id), trace.SpanID(id[8:]), true
}

// NewIDs implements sdk.IDGenerator.
func (g runIDGenerator) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	runID, _ := ctx.Value(runKey{}).(runid.ID)
	traceID, spanID, ok := idsOf(runID)
	if !ok {
		_, _ = rand.Read(traceID[:]) // never fails
		spanID = g.NewSpanID(ctx, traceID)
	}
	return traceID, spanID
}

// NewSpanID implements sdk.IDGenerator.
func (runIDGenerator) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}
