package telemetry_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"testing"

	"reconcile/cmd/reconcile/telemetry"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// emfLine is a line of the specification. Its metadata has no other members:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type emfLine struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
}

// emfUnits matches the units of the specification that our metrics may have.
var emfUnits = regexp.MustCompile(`^(Seconds|Microseconds|Milliseconds|Bytes|Percent|Count|None)$`)

// parseEMF checks one line against the specification, and returns its metrics.
func parseEMF(t *testing.T, line []byte) map[string][]float64 {
	t.Helper()
	if len(line) > 256<<10 {
		t.Errorf("a line of %d bytes", len(line))
	}
	root := map[string]json.RawMessage{}
	if err := json.Unmarshal(line, &root); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	var head emfLine
	strict := json.NewDecoder(bytes.NewReader(root["_aws"]))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&head.AWS); err != nil {
		t.Fatalf("%v: %s", err, root["_aws"])
	}
	if head.AWS.Timestamp < 1577836800000 || len(head.AWS.CloudWatchMetrics) == 0 {
		t.Fatalf("the metadata is %s", root["_aws"])
	}
	got := map[string][]float64{}
	for _, d := range head.AWS.CloudWatchMetrics {
		if d.Namespace == "" || len(d.Namespace) > 255 || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > 100 {
			t.Errorf("a directive is %+v", d)
		}
		for _, set := range d.Dimensions {
			for _, name := range set {
				var text string
				if len(set) > 9 || json.Unmarshal(root[name], &text) != nil {
					t.Errorf("the dimension %s is %s", name, root[name])
				}
			}
		}
		for _, m := range d.Metrics {
			var list []float64
			if err := json.Unmarshal(root[m.Name], &list); err != nil || len(list) == 0 || len(list) > 100 {
				t.Errorf("%s is %s: %v", m.Name, root[m.Name], err)
			}
			if m.Name == "" || len(m.Name) > 255 || !emfUnits.MatchString(m.Unit) {
				t.Errorf("the metric %+v", m)
			}
			got[m.Name] = list
		}
	}
	return got
}

func TestPassAsEMF(t *testing.T) {
	t.Setenv("OTEL_SERVICE_NAME", "estate")
	w := newFixture(t)
	var out bytes.Buffer
	w.runPass(telemetry.Options{Metrics: telemetry.EMF, Traces: telemetry.None, EMFOutput: &out}, run.Options{})
	line, rest, _ := bytes.Cut(out.Bytes(), []byte("\n"))
	if len(rest) > 0 {
		t.Errorf("more than one line: %s", rest)
	}
	got := parseEMF(t, line)
	for _, m := range telemetry.Metrics {
		if len(got[m.Name]) == 0 {
			t.Errorf("there is no %s", m.Name)
		}
	}
	for name, want := range map[string]string{
		telemetry.WorkspacesFailed.Name: "[1]", telemetry.WorkspacesBlocked.Name: "[1]", telemetry.WorkspacesApplied.Name: "[1]", telemetry.PassFailures.Name: "[0]",
	} {
		if fmt.Sprint(got[name]) != want {
			t.Errorf("%s is %v, want %s", name, got[name], want)
		}
	}
	var about struct {
		AWS             struct{ CloudWatchMetrics []struct{ Namespace string } } `json:"_aws"`
		Outcome         string
		Failed, Blocked []string
	}
	w.must(json.Unmarshal(line, &about))
	if about.AWS.CloudWatchMetrics[0].Namespace != "estate" || about.Outcome != run.OutcomeFailed ||
		fmt.Sprint(about.Failed, about.Blocked) != "[tokyo] [held]" {
		t.Errorf("the line is %s", line)
	}
}

// More values than a line may have go on in the next.
func TestManyValuesAsEMF(t *testing.T) {
	var out bytes.Buffer
	tel, err := telemetry.Open(telemetry.Options{Metrics: telemetry.EMF, Traces: telemetry.None, EMFOutput: &out})
	if err != nil {
		t.Fatal(err)
	}
	pass := &run.Result{}
	tel.Observe(run.Event{Run: "R", Phase: run.PhaseWorkspaces})
	for i := range 250 {
		w := run.WorkspaceResult{Name: fmt.Sprint("w", i), Outcome: state.Failed}
		pass.Workspaces = append(pass.Workspaces, w)
		tel.Observe(run.Event{Run: "R", Workspace: w.Name, Phase: run.PhaseLease})
		tel.Observe(run.Event{Run: "R", Workspace: w.Name, Phase: run.PhaseDone, Result: &w})
	}
	tel.Observe(run.Event{Run: "R", Phase: run.PhaseDone, Pass: pass})
	if err := tel.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	workspaces, passes := 0, 0
	for {
		line, err := out.ReadBytes('\n')
		if err == io.EOF {
			break
		}
		got := parseEMF(t, line)
		workspaces += len(got[telemetry.WorkspaceDuration.Name])
		passes += len(got[telemetry.PassDuration.Name])
	}
	if workspaces != 250 || passes != 1 {
		t.Errorf("%d workspaces and %d passes", workspaces, passes)
	}
}
