package telemetry

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	pb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
)

// toMetricsData converts collected metrics to OTLP. MetricsData has the
// same encoding as the collector's ExportMetricsServiceRequest, whose package
// would link gRPC: https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
func toMetricsData(metrics *metricdata.ResourceMetrics) *pb.MetricsData {
	rm := &pb.ResourceMetrics{Resource: &resource.Resource{Attributes: toAttributes(*metrics.Resource.Set())}}
	for _, scope := range metrics.ScopeMetrics {
		sm := &pb.ScopeMetrics{Scope: &common.InstrumentationScope{Name: scope.Scope.Name}}
		for _, m := range scope.Metrics {
			sm.Metrics = append(sm.Metrics, toMetric(m))
		}
		rm.ScopeMetrics = append(rm.ScopeMetrics, sm)
	}
	return &pb.MetricsData{ResourceMetrics: []*pb.ResourceMetrics{rm}}
}

// toMetric converts the kinds of instruments that this package uses.
func toMetric(m metricdata.Metrics) *pb.Metric {
	out := &pb.Metric{Name: m.Name, Unit: m.Unit}
	switch data := m.Data.(type) {
	case metricdata.Gauge[float64]:
		out.Data = &pb.Metric_Gauge{Gauge: &pb.Gauge{DataPoints: toNumberPoints(data.DataPoints)}}
	case metricdata.Sum[float64]:
		out.Data = &pb.Metric_Sum{Sum: &pb.Sum{
			AggregationTemporality: toTemporality(data.Temporality), IsMonotonic: data.IsMonotonic, DataPoints: toNumberPoints(data.DataPoints),
		}}
	case metricdata.Histogram[float64]:
		out.Data = &pb.Metric_Histogram{Histogram: &pb.Histogram{
			AggregationTemporality: toTemporality(data.Temporality), DataPoints: toHistogramPoints(data.DataPoints),
		}}
	}
	return out
}

func toNumberPoints(points []metricdata.DataPoint[float64]) (out []*pb.NumberDataPoint) {
	for _, p := range points {
		out = append(out, &pb.NumberDataPoint{
			Attributes: toAttributes(p.Attributes), StartTimeUnixNano: toUnixNano(p.StartTime), TimeUnixNano: toUnixNano(p.Time),
			Value: &pb.NumberDataPoint_AsDouble{AsDouble: p.Value},
		})
	}
	return out
}

func toHistogramPoints(points []metricdata.HistogramDataPoint[float64]) (out []*pb.HistogramDataPoint) {
	for _, p := range points {
		sum := p.Sum
		out = append(out, &pb.HistogramDataPoint{
			Attributes: toAttributes(p.Attributes), StartTimeUnixNano: toUnixNano(p.StartTime), TimeUnixNano: toUnixNano(p.Time),
			Count: p.Count, Sum: &sum, BucketCounts: p.BucketCounts, ExplicitBounds: p.Bounds,
			Min: toExtremum(p.Min), Max: toExtremum(p.Max),
		})
	}
	return out
}

func toExtremum(e metricdata.Extrema[float64]) *float64 {
	if value, ok := e.Value(); ok {
		return &value
	}
	return nil
}

func toTemporality(t metricdata.Temporality) pb.AggregationTemporality {
	if t == metricdata.DeltaTemporality {
		return pb.AggregationTemporality_AGGREGATION_TEMPORALITY_DELTA
	}
	return pb.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE
}

// toAttributes converts attributes as strings: all of ours are strings.
func toAttributes(set attribute.Set) (out []*common.KeyValue) {
	for _, kv := range set.ToSlice() {
		out = append(out, &common.KeyValue{
			Key: string(kv.Key), Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: kv.Value.String()}},
		})
	}
	return out
}

func toUnixNano(t time.Time) uint64 {
	if t.IsZero() {
		return 0
	}
	return uint64(t.UnixNano()) // after 1970
}
