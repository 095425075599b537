package telemetry_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	metricspb "go.opentelemetry.io/proto/otlp/metrics/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector receives OTLP over HTTP, and reads it with the collector's own
// messages: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
type collector struct {
	*httptest.Server
	mu          sync.Mutex
	spans       []*tracepb.Span
	metrics     []*metricspb.ResourceMetrics // of each request
	headers     http.Header                  // of the last request
	statusCodes []int                        // status codes of the next requests
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	return c
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = r.Header
	if len(c.statusCodes) > 0 {
		w.WriteHeader(c.statusCodes[0])
		c.statusCodes = c.statusCodes[1:]
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-protobuf" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	switch r.URL.Path {
	case "/v1/traces":
		var m collectortrace.ExportTraceServiceRequest
		if proto.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for _, rs := range m.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
	case "/v1/metrics":
		var m collectormetrics.ExportMetricsServiceRequest
		if proto.Unmarshal(body, &m) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		c.metrics = append(c.metrics, m.ResourceMetrics...)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// lastMetrics returns the metrics of the last request, by name.
func (c *collector) lastMetrics() map[string]*metricspb.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	got := map[string]*metricspb.Metric{}
	for _, sm := range c.metrics[len(c.metrics)-1].ScopeMetrics {
		for _, m := range sm.Metrics {
			got[m.Name] = m
		}
	}
	return got
}

// valueOf returns the value of a gauge or counter, or the number of values of a
// histogram.
func valueOf(t *testing.T, m *metricspb.Metric) float64 {
	t.Helper()
	var points []*metricspb.NumberDataPoint
	switch data := m.GetData().(type) {
	case *metricspb.Metric_Gauge:
		points = data.Gauge.DataPoints
	case *metricspb.Metric_Sum:
		points = data.Sum.DataPoints
	case *metricspb.Metric_Histogram:
		n := 0.0
		for _, p := range data.Histogram.DataPoints {
			n += float64(p.Count)
		}
		return n
	}
	if len(points) != 1 {
		t.Fatalf("%s has %d points", m.GetName(), len(points))
	}
	return points[0].GetAsDouble()
}

func attributeOf(attributes []*common.KeyValue, key string) string {
	for _, kv := range attributes {
		if kv.Key == key {
			return kv.Value.GetStringValue()
		}
	}
	return ""
}
