package telemetry_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/runid"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// A real pass, with one workspace that is applied, one that waits for a person
// and one that fails, is told as it went.
func TestPassByOTLP(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20secret")
	w := newFixture(t)
	options := telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.OTLP, Version: "1.2.3"}
	result := w.runPass(options, run.Options{Trigger: run.TriggerSchedule})

	if got := c.headers.Get("X-Key"); got != "a secret" {
		t.Errorf("the header is %q", got)
	}
	checkTrace(t, result.Run, c.spans,
		"pass failed", "  poll", "  fetch", "  adopt", "  discover", "  snapshot", "  workspaces",
		"    workspace common applied", "      lease", "      init", "      plan", "      gate", "      apply", "      record",
		"    workspace held blocked !", "      lease", "      init", "      plan", "      gate !",
		"    workspace tokyo failed !", "      lease", "      init", "      plan !",
		"  settle",
	)

	resource := c.metrics[0].Resource.Attributes
	if attributeOf(resource, "service.name") != "reconcile" || attributeOf(resource, "service.version") != "1.2.3" || attributeOf(resource, "service.instance.id") == "" {
		t.Errorf("the resource is %v", resource)
	}
	got := c.lastMetrics()
	want := map[string]float64{
		telemetry.PassDuration.Name: 1, telemetry.PassFailures.Name: 0,
		telemetry.WorkspacesApplied.Name: 1, telemetry.WorkspacesFailed.Name: 1, telemetry.WorkspacesBlocked.Name: 1,
		telemetry.WorkspaceDuration.Name: 3, telemetry.LeaseWait.Name: 3,
	}
	for name, n := range want {
		if v := valueOf(t, got[name]); v != n {
			t.Errorf("%s is %v, want %v", name, v, n)
		}
	}
	if age := valueOf(t, got[telemetry.Staleness.Name]); age <= 0 {
		t.Errorf("the branch is ahead, and its age is %v", age)
	}
	for _, m := range telemetry.Metrics {
		if got[m.Name].GetUnit() != m.Unit {
			t.Errorf("%s is sent in %q", m.Name, got[m.Name].GetUnit())
		}
	}

	// Another process finds the age in the record, growing, with nothing to do.
	first := valueOf(t, got[telemetry.Staleness.Name])
	w.runPass(options, run.Options{Trigger: run.TriggerSchedule})
	got = c.lastMetrics()
	if age := valueOf(t, got[telemetry.Staleness.Name]); age <= first {
		t.Errorf("the age is %v after %v", age, first)
	}
	if n := valueOf(t, got[telemetry.WorkspacesFailed.Name]); n != 1 {
		t.Errorf("%v workspaces failed, as the record says of 1", n)
	}

	w.CommitTxtar("repair", "-- env/tokyo/main.tf --\nresource \"terraform_data\" \"this\" {}\n-- env/reconcile.hcl --\ndefaults { apply = \"always\" }\n")
	w.Push()
	w.runPass(options, run.Options{Trigger: run.TriggerSchedule})
	got = c.lastMetrics()
	if age := valueOf(t, got[telemetry.Staleness.Name]); age != 0 {
		t.Errorf("all is applied, and the age is %v", age)
	}
	if n := valueOf(t, got[telemetry.WorkspacesFailed.Name]) + valueOf(t, got[telemetry.WorkspacesBlocked.Name]); n != 0 {
		t.Errorf("all is applied, and %v workspaces are not", n)
	}
}

// checkTrace compares the tree of spans, siblings in the order of their start.
func checkTrace(t *testing.T, runID runid.ID, spans []*tracepb.Span, want ...string) {
	t.Helper()
	id := ulid.MustParseStrict(string(runID))
	byParent := map[string][]*tracepb.Span{}
	for _, s := range spans {
		if hex.EncodeToString(s.TraceId) != hex.EncodeToString(id[:]) {
			t.Errorf("%s is in the trace %x, not in the run's", s.Name, s.TraceId)
		}
		if s.EndTimeUnixNano < s.StartTimeUnixNano {
			t.Errorf("%s ends before it starts", s.Name)
		}
		byParent[string(s.ParentSpanId)] = append(byParent[string(s.ParentSpanId)], s)
	}
	var tree func(parent []byte, indent string) []string
	tree = func(parent []byte, indent string) (lines []string) {
		children := byParent[string(parent)]
		slices.SortStableFunc(children, func(a, b *tracepb.Span) int {
			if a.Name == "workspace" && b.Name == "workspace" {
				if attributeOf(a.Attributes, "reconcile.workspace") < attributeOf(b.Attributes, "reconcile.workspace") {
					return -1
				}
				return 1
			}
			return int(int64(a.StartTimeUnixNano) - int64(b.StartTimeUnixNano))
		})
		for _, s := range children {
			line := indent + s.Name
			for _, key := range []string{"reconcile.workspace", "reconcile.outcome"} {
				if v := attributeOf(s.Attributes, key); v != "" {
					line += " " + v
				}
			}
			if s.Status.GetCode() == tracepb.Status_STATUS_CODE_ERROR {
				line += " !"
			}
			lines = append(append(lines, line), tree(s.SpanId, indent+"  ")...)
		}
		return lines
	}
	if diff := cmp.Diff(want, tree(nil, "")); diff != "" {
		t.Errorf("the trace:\n%s", diff)
	}
}

// A look for drift is no pass, and counts as none.
func TestDriftByOTLP(t *testing.T) {
	c := newCollector(t)
	w := newFixture(t)
	options := telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.OTLP}
	w.runPass(options, run.Options{})
	if n := valueOf(t, c.lastMetrics()[telemetry.WorkspacesDrifted.Name]); n != 0 {
		t.Errorf("%v workspaces have drifted, that nobody looked at", n)
	}
	file := filepath.Join(w.dir, "tfstate", "common.tfstate")
	text, err := os.ReadFile(file)
	w.must(err)
	w.must(os.WriteFile(file, bytes.ReplaceAll(text, []byte(`"one"`), []byte(`"by hand"`)), 0o600))
	c.spans = nil
	result := w.runObserved((*reconciler.Reconciler).Drift, options, run.Options{})
	checkTrace(t, result.Run, c.spans,
		"drift drifted", "  workspace common drifted", "    init", "    plan", "    record",
	)
	got := c.lastMetrics()
	if n := valueOf(t, got[telemetry.WorkspacesDrifted.Name]); n != 1 || len(got) != 1 {
		t.Errorf("%v have drifted, and it is told of %d metrics: %v", n, len(got), got)
	}

	// A pass that reads the record knows of it.
	w.runPass(options, run.Options{})
	if n := valueOf(t, c.lastMetrics()[telemetry.WorkspacesDrifted.Name]); n != 1 {
		t.Errorf("a pass knows of %v that have drifted", n)
	}
}

// What a build or task does for a pass is in the pass's trace, and is not
// counted as a pass.
func TestRemoteWork(t *testing.T) {
	c := newCollector(t)
	w := newFixture(t)
	tel := w.open(telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.OTLP})
	runID := ulid.Make()
	for _, phase := range []run.Phase{run.PhaseLease, run.PhaseInit} {
		tel.Observe(run.Event{Run: runid.ID(runID.String()), Workspace: "tokyo", Phase: phase})
	}
	result := &run.WorkspaceResult{Outcome: state.NoChanges}
	tel.Observe(run.Event{Run: runid.ID(runID.String()), Workspace: "tokyo", Phase: run.PhaseDone, Result: result})
	w.must(tel.Close(t.Context()))

	for _, s := range c.spans {
		if s.Name == "workspace" && (hex.EncodeToString(s.TraceId) != hex.EncodeToString(runID[:]) || hex.EncodeToString(s.ParentSpanId) != hex.EncodeToString(runID[8:])) {
			t.Errorf("the workspace is in %x below %x, not in the pass %x", s.TraceId, s.ParentSpanId, runID[:])
		}
	}
	if len(c.spans) != 3 {
		t.Errorf("%d spans", len(c.spans))
	}
	got := c.lastMetrics()
	if got[telemetry.PassDuration.Name] != nil || valueOf(t, got[telemetry.LeaseWait.Name]) != 1 || valueOf(t, got[telemetry.WorkspaceDuration.Name]) != 1 {
		t.Errorf("sent: %v", got)
	}
}

// A pass that could not run is a failure and has no duration; one over some
// workspaces alone says nothing of how many have failed.
func TestPartialPasses(t *testing.T) {
	c := newCollector(t)
	w := newFixture(t)
	for _, test := range []struct {
		name     string
		done     run.Event
		failures float64
		missing  []telemetry.Metric
	}{
		{"failed", run.Event{Err: errors.New("no Git")}, 1,
			[]telemetry.Metric{telemetry.PassDuration, telemetry.Staleness, telemetry.WorkspacesFailed, telemetry.WorkspacesBlocked}},
		{"in part", run.Event{IsPartial: true}, 0, []telemetry.Metric{telemetry.WorkspacesFailed, telemetry.WorkspacesBlocked}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tel := w.open(telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.None})
			test.done.Run, test.done.Phase, test.done.Pass = "R", run.PhaseDone, &run.Result{}
			tel.Observe(run.Event{Run: "R", Phase: run.PhasePoll})
			tel.Observe(test.done)
			w.must(tel.Close(t.Context()))
			got := c.lastMetrics()
			if n := valueOf(t, got[telemetry.PassFailures.Name]); n != test.failures {
				t.Errorf("%v failures", n)
			}
			for _, m := range test.missing {
				if got[m.Name] != nil {
					t.Errorf("%s is sent: %v", m.Name, got[m.Name])
				}
			}
		})
	}
}

// A collector that is busy is asked again, one that refuses is not, and one
// that is not there fails nothing but the sending.
func TestCollectorsThatRefuse(t *testing.T) {
	c := newCollector(t)
	w := newFixture(t)
	send := func() error {
		tel := w.open(telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.None})
		tel.Observe(run.Event{Run: "R", Phase: run.PhasePoll})
		tel.Observe(run.Event{Run: "R", Phase: run.PhaseDone, Pass: &run.Result{}})
		return tel.Close(t.Context())
	}
	c.statusCodes = []int{http.StatusServiceUnavailable}
	if err := send(); err != nil || len(c.metrics) != 1 {
		t.Errorf("a busy collector has %d requests: %v", len(c.metrics), err)
	}
	c.statusCodes = []int{http.StatusUnauthorized}
	if err := send(); err == nil || len(c.metrics) != 1 {
		t.Errorf("a collector that refuses has %d requests: %v", len(c.metrics), err)
	}
	c.Close()
	if err := send(); err == nil {
		t.Error("there is no collector, and no error")
	}
}

// A check finds each receiver, or none, and names it without its secrets.
func TestCheck(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", strings.Replace(c.URL, "http://", "http://ann:s3/cret@", 1)+"/v1/traces?key=s3cret")
	both := telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.OTLP}
	if _, err := telemetry.Check(t.Context(), both); err == nil || strings.Contains(err.Error(), "s3") {
		t.Errorf("a password with a slash: %v", err)
	}
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", strings.Replace(c.URL, "http://", "http://ann:s3cret@", 1)+"/v1/traces?key=s3cret")
	receivers, err := telemetry.Check(t.Context(), both)
	if want := []string{c.URL + "/v1/metrics", c.URL + "/v1/traces"}; err != nil || !slices.Equal(receivers, want) {
		t.Errorf("receivers: %q, %v; want %q", receivers, err, want)
	}
	if receivers, err := telemetry.Check(t.Context(), telemetry.Options{Metrics: telemetry.EMF, Traces: telemetry.None}); err != nil || len(receivers) > 0 {
		t.Errorf("receivers without OTLP: %q, %v", receivers, err)
	}
	c.statusCodes = []int{http.StatusOK, http.StatusForbidden}
	if _, err := telemetry.Check(t.Context(), both); err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "403") {
		t.Errorf("a receiver that refuses: %v", err)
	}
	c.Close()
	if _, err := telemetry.Check(t.Context(), telemetry.Options{Metrics: telemetry.None, Traces: telemetry.OTLP}); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("no receiver: %v", err)
	}
}

func TestWrongSettings(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_PROTOCOL":                       "grpc",
		"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT":               "collector:4317",
		"OTEL_EXPORTER_OTLP_HEADERS":                        "secret",
		"OTEL_EXPORTER_OTLP_TIMEOUT":                        "10s",
		"OTEL_EXPORTER_OTLP_CERTIFICATE":                    "/nowhere",
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "sometimes",
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, value)
			if tel, err := telemetry.Open(telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.None}); err == nil || tel != nil {
				t.Errorf("%s is accepted", value)
			}
		})
	}
	t.Setenv("OTEL_SDK_DISABLED", "true")
	tel, err := telemetry.Open(telemetry.Options{Metrics: telemetry.OTLP, Traces: telemetry.OTLP})
	if tel != nil || err != nil {
		t.Errorf("it is disabled, and gives %v, %v", tel, err)
	}
	tel.Observe(run.Event{}) // nothing observes nothing
	if err := tel.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
