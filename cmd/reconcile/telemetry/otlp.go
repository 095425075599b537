package telemetry

import (
	"context"
	"fmt"
	"os"

	"github.com/oklog/ulid/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
)

// otlpExporter sends metrics when a pass ends, and not periodically: while passes do
// not complete there is no data, and an alarm can detect that.
type otlpExporter struct {
	reader      *sdk.ManualReader
	sender      *sender
	instruments map[string]func(context.Context, float64, ...attribute.KeyValue)
}

func newOTLPExporter(r *resource.Resource, s *sender) (*otlpExporter, error) {
	temporality, err := temporalityOf(os.Getenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"))
	if err != nil {
		return nil, err
	}
	m := &otlpExporter{
		reader: sdk.NewManualReader(sdk.WithTemporalitySelector(temporality)), sender: s,
		instruments: map[string]func(context.Context, float64, ...attribute.KeyValue){},
	}
	meter := sdk.NewMeterProvider(sdk.WithReader(m.reader), sdk.WithResource(r)).Meter("reconcile")
	for _, definition := range Metrics {
		if m.instruments[definition.Name], err = newInstrument(meter, definition); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func newInstrument(meter metric.Meter, m Metric) (func(context.Context, float64, ...attribute.KeyValue), error) {
	switch m.Kind {
	case Gauge:
		g, err := meter.Float64Gauge(m.Name, metric.WithUnit(m.Unit))
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			g.Record(ctx, v, metric.WithAttributes(attrs...))
		}, err
	case Counter:
		c, err := meter.Float64Counter(m.Name, metric.WithUnit(m.Unit))
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			c.Add(ctx, v, metric.WithAttributes(attrs...))
		}, err
	default:
		h, err := meter.Float64Histogram(m.Name, metric.WithUnit(m.Unit), metric.WithExplicitBucketBoundaries(bucketBounds...))
		return func(ctx context.Context, v float64, attrs ...attribute.KeyValue) {
			h.Record(ctx, v, metric.WithAttributes(attrs...))
		}, err
	}
}

func (e *otlpExporter) export(ctx context.Context, r passReport) error {
	for _, sample := range r.samples {
		var attrs []attribute.KeyValue
		for key, value := range sample.attributes {
			attrs = append(attrs, attribute.String(key, value))
		}
		e.instruments[sample.metric.Name](ctx, sample.value, attrs...)
	}
	var metrics metricdata.ResourceMetrics
	if err := e.reader.Collect(ctx, &metrics); err != nil {
		return err
	}
	return e.sender.send(ctx, toMetricsData(&metrics))
}

// temporalityOf parses OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: https://opentelemetry.io/docs/specs/otel/metrics/sdk_exporters/otlp/
func temporalityOf(preference string) (sdk.TemporalitySelector, error) {
	switch preference {
	case "", "cumulative":
		return sdk.CumulativeTemporalitySelector, nil
	case "delta":
		return sdk.DeltaTemporalitySelector, nil
	case "lowmemory":
		return sdk.LowMemoryTemporalitySelector, nil
	}
	return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=%s: expected cumulative, delta or lowmemory", preference)
}

// resourceOf returns the resource of the telemetry: this program, unless
// OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES name another. Each process is its own
// instance, so that the counters of several processes are not mixed.
func resourceOf(o Options) (*resource.Resource, error) {
	r, err := resource.New(context.Background(),
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String(attrServiceName, "reconcile"),
			attribute.String("service.version", o.Version),
			attribute.String("service.instance.id", ulid.Make().String()),
		),
		resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return r, nil
}

const attrServiceName = "service.name"

func serviceName(r *resource.Resource) string {
	name, _ := r.Set().Value(attrServiceName)
	return name.AsString()
}
