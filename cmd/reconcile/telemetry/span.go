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

	"reconcile/reconciler"
)

// chain is a span and, one after the other, the phases in it.
type chain struct {
	tracer  trace.Tracer
	ctx     context.Context // of the whole
	inner   context.Context // of the phase
	whole   trace.Span
	link    trace.Span
	phase   reconciler.Phase
	started time.Time
	since   time.Time // of the phase
}

func newChain(ctx context.Context, tracer trace.Tracer, name string, now time.Time, about ...attribute.KeyValue) *chain {
	c := &chain{tracer: tracer, started: now}
	c.ctx, c.whole = tracer.Start(ctx, name, trace.WithTimestamp(now), trace.WithAttributes(about...))
	c.inner = c.ctx
	return c
}

// next ends the phase, and begins another.
func (c *chain) next(phase reconciler.Phase, now time.Time) {
	c.endLink("", now)
	c.phase, c.since = phase, now
	c.inner, c.link = c.tracer.Start(c.ctx, string(phase), trace.WithTimestamp(now))
}

func (c *chain) endLink(why string, now time.Time) {
	if c.link == nil {
		return
	}
	if why != "" {
		c.link.SetStatus(codes.Error, why)
	}
	c.link.End(trace.WithTimestamp(now))
	c.link = nil
}

// end ends the phase and the whole; why: "" or what went wrong in the phase.
func (c *chain) end(why string, now time.Time, about ...attribute.KeyValue) {
	c.endLink(why, now)
	c.whole.SetAttributes(about...)
	if why != "" {
		c.whole.SetStatus(codes.Error, why)
	}
	c.whole.End(trace.WithTimestamp(now))
}

// trace sends spans from now on.
func (t *Telemetry) trace(r *resource.Resource, s *sender, failed func(error)) error {
	exporter, err := otlptrace.New(context.Background(), traceClient{s})
	if err != nil {
		return err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(failed))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(r), sdk.WithIDGenerator(ids{}))
	t.tracer = provider.Tracer("reconcile")
	t.flush, t.close = provider.ForceFlush, provider.Shutdown
	return nil
}

// ids gives the trace of a pass the id of its run, which is as long: so who
// has the one finds the other, and what is done elsewhere for a pass is in the
// same trace, below a span whose id is the end of the run's.
type ids struct{}

type runKey struct{}

// ofPass has the next root span be the one of a run.
func ofPass(ctx context.Context, run string) context.Context {
	return context.WithValue(ctx, runKey{}, run)
}

// inPass puts spans below the one of a run, which is made elsewhere.
func inPass(ctx context.Context, run string) context.Context {
	traceID, spanID, ok := idsOf(run)
	if !ok {
		return ctx
	}
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
}

func idsOf(run string) (trace.TraceID, trace.SpanID, bool) {
	id, err := ulid.ParseStrict(run)
	if err != nil {
		return trace.TraceID{}, trace.SpanID{}, false
	}
	return trace.TraceID(id), trace.SpanID(id[8:]), true
}

// NewIDs implements sdk.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	run, _ := ctx.Value(runKey{}).(string)
	traceID, spanID, ok := idsOf(run)
	if !ok {
		_, _ = rand.Read(traceID[:]) // never fails
		spanID = g.NewSpanID(ctx, traceID)
	}
	return traceID, spanID
}

// NewSpanID implements sdk.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	_, _ = rand.Read(id[:]) // never fails
	return id
}
