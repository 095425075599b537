package telemetry

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
)

// metricsMessage is collected metrics as OTLP has them. MetricsData has the
// same encoding as the collector's ExportMetricsServiceRequest, whose package
// would link gRPC: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
func metricsMessage(all *metricdata.ResourceMetrics) *pb.MetricsData {
	rm := &pb.ResourceMetrics{Resource: &resource.Resource{Attributes: attributes(*all.Resource.Set())}}
	for _, scope := range all.ScopeMetrics {
		sm := &pb.ScopeMetrics{Scope: &common.InstrumentationScope{Name: scope.Scope.Name}}
		for _, m := range scope.Metrics {
			sm.Metrics = append(sm.Metrics, metricMessage(m))
		}
		rm.ScopeMetrics = append(rm.ScopeMetrics, sm)
	}
	return &pb.MetricsData{ResourceMetrics: []*pb.ResourceMetrics{rm}}
}

// metricMessage knows the kinds of instruments that there are.
func metricMessage(m metricdata.Metrics) *pb.Metric {
	out := &pb.Metric{Name: m.Name, Unit: m.Unit}
	switch data := m.Data.(type) {
	case metricdata.Gauge[float64]:
		out.Data = &pb.Metric_Gauge{Gauge: &pb.Gauge{DataPoints: numbers(data.DataPoints)}}
	case metricdata.Sum[float64]:
		out.Data = &pb.Metric_Sum{Sum: &pb.Sum{
			AggregationTemporality: temporality(data.Temporality), IsMonotonic: data.IsMonotonic, DataPoints: numbers(data.DataPoints),
		}}
	case metricdata.Histogram[float64]:
		out.Data = &pb.Metric_Histogram{Histogram: &pb.Histogram{
			AggregationTemporality: temporality(data.Temporality), DataPoints: histograms(data.DataPoints),
		}}
	}
	return out
}

func numbers(points []metricdata.DataPoint[float64]) (out []*pb.NumberDataPoint) {
	for _, p := range points {
		out = append(out, &pb.NumberDataPoint{
			Attributes: attributes(p.Attributes), StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time),
			Value: &pb.NumberDataPoint_AsDouble{AsDouble: p.Value},
		})
	}
	return out
}

func histograms(points []metricdata.HistogramDataPoint[float64]) (out []*pb.HistogramDataPoint) {
	for _, p := range points {
		sum := p.Sum
		out = append(out, &pb.HistogramDataPoint{
			Attributes: attributes(p.Attributes), StartTimeUnixNano: nanos(p.StartTime), TimeUnixNano: nanos(p.Time),
			Count: p.Count, Sum: &sum, BucketCounts: p.BucketCounts, ExplicitBounds: p.Bounds,
			Min: extreme(p.Min), Max: extreme(p.Max),
		})
	}
	return out
}

func extreme(e metricdata.Extrema[float64]) *float64 {
	if value, ok := e.Value(); ok {
		return &value
	}
	return nil
}

func temporality(t metricdata.Temporality) pb.AggregationTemporality {
	if t == metricdata.DeltaTemporality {
		return pb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	return pb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
}

// attributes are texts here, whatever their type: all of ours are.
func attributes(set attribute.Set) (out []*common.KeyValue) {
	for _, kv := range set.ToSlice() {
		out = append(out, &common.KeyValue{
			Key: string(kv.Key), Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: kv.Value.String()}},
		})
	}
	return out
}

func nanos(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano()) // after 1970
}
