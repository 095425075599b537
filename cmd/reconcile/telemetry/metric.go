// Package telemetry reports passes as metrics and traces: by OTLP to an
// OpenTelemetry collector, or as lines of CloudWatch's embedded metric format.
// Its only input is the events of a reconciler. It creates nothing before Open,
// and an export that fails never fails a pass.
package telemetry

// Metric is the definition of a metric. It has the same name in OTLP and in
// CloudWatch, so that alarms and dashboards fit both. docs/metrics.md says what
// each metric is for.
type Metric struct {
	Name string
	Unit string // UCUM, as OpenTelemetry wants it: "s", "{pass}"
	Kind Kind
}

// Kind is how the values of a metric are combined.
type Kind int

// Kinds of metrics.
const (
	Gauge        Kind = iota // the value at the end of a pass
	Counter                  // adds up
	Distribution             // a histogram of many values
)

// The metrics. A pass that did not complete gives PassFailures and, if the record
// could be read, Staleness. A drift check gives only WorkspacesDrifted.
var (
	PassDuration      = Metric{"reconcile.pass.duration", "s", Distribution}
	PassFailures      = Metric{"reconcile.pass.failures", "{pass}", Counter}
	Staleness         = Metric{"reconcile.staleness", "s", Gauge}
	WorkspacesFailed  = Metric{"reconcile.workspaces.failed", "{workspace}", Gauge}
	WorkspacesBlocked = Metric{"reconcile.workspaces.blocked", "{workspace}", Gauge}
	WorkspacesDrifted = Metric{"reconcile.workspaces.drifted", "{workspace}", Gauge}
	WorkspacesApplied = Metric{"reconcile.workspaces.applied", "{workspace}", Counter}
	WorkspaceDuration = Metric{"reconcile.workspace.duration", "s", Distribution}
	LeaseWait         = Metric{"reconcile.lease.wait", "s", Distribution}
)

// Metrics lists all metrics.
var Metrics = []Metric{
	PassDuration, PassFailures, Staleness, WorkspacesFailed, WorkspacesBlocked, WorkspacesDrifted, WorkspacesApplied, WorkspaceDuration, LeaseWait,
}

// bucketBounds are the histogram bounds in seconds: from a pass with nothing to do to
// a database that takes hours to create.
var bucketBounds = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400}

// sample is one value of a metric, with its attributes.
type sample struct {
	metric     Metric
	value      float64
	attributes map[string]string
}

// Attributes of samples and spans.
const (
	attrRun       = "reconcile.run"
	attrWorkspace = "reconcile.workspace"
	attrOutcome   = "reconcile.outcome"
	attrTrigger   = "reconcile.trigger"
	attrFrom      = "reconcile.from"
	attrCommit    = "reconcile.commit"
	attrExit      = "reconcile.exit"
	attrRepo      = "reconcile.repo"
	attrBranch    = "reconcile.branch"
)
