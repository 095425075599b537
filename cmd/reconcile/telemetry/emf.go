package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
)

// emfExporter writes lines from which CloudWatch Logs makes metrics, without dimensions: each
// combination of values would be another paid metric. The attributes are for Logs Insights.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type emfExporter struct {
	namespace string
	w         io.Writer
}

// maxValues is the specification's limit of values of a metric in one line.
const maxValues = 100

type emfMetadata struct {
	Timestamp         int64 // ms since 1970
	CloudWatchMetrics []emfDirective
}

type emfDirective struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []emfMetric
}

type emfMetric struct {
	Name string
	Unit string
}

func (e *emfExporter) export(_ context.Context, r passReport) error {
	values := map[string][]float64{}
	for _, sample := range r.samples {
		values[sample.metric.Name] = append(values[sample.metric.Name], sample.value)
	}
	for len(values) > 0 {
		if err := e.writeLine(r, values); err != nil {
			return err
		}
	}
	return nil
}

// writeLine writes a line with as many values as fit, and removes them from values.
func (e *emfExporter) writeLine(r passReport, values map[string][]float64) error {
	directive := emfDirective{Namespace: e.namespace, Dimensions: [][]string{{}}}
	line := maps.Clone(r.fields)
	for _, metric := range Metrics {
		list := values[metric.Name]
		if len(list) == 0 {
			continue
		}
		n := min(len(list), maxValues)
		directive.Metrics = append(directive.Metrics, emfMetric{metric.Name, emfUnit(metric.Unit)})
		line[metric.Name] = list[:n]
		if values[metric.Name] = slices.Clone(list[n:]); n == len(list) {
			delete(values, metric.Name)
		}
	}
	line["_aws"] = emfMetadata{Timestamp: r.time.UnixMilli(), CloudWatchMetrics: []emfDirective{directive}}
	var text bytes.Buffer // written at once: others write lines to w too
	if err := json.NewEncoder(&text).Encode(line); err != nil {
		return err
	}
	_, err := e.w.Write(text.Bytes())
	return err
}

func emfUnit(ucum string) string {
	if ucum == "s" {
		return "Seconds"
	}
	return "Count"
}
