// Package telemetry tells of passes in figures and traces: by OTLP to an
// OpenTelemetry collector, or as lines of CloudWatch's embedded metric format.
// It learns of them by the events of a reconciler alone. Nothing is made
// before it is opened, and what cannot be told never fails a pass.
package telemetry

// Metric is something that is measured. It has one name in OTLP and in
// CloudWatch, so that alarms and dashboards fit both. docs/metrics.md says
// what each is for.
type Metric struct {
	Name string
	Unit string // UCUM, as OpenTelemetry wants it: "s", "{pass}"
	Kind Kind
}

// Kind is how the values of a metric add up.
type Kind int

// Kinds of metrics.
const (
	Gauge        Kind = iota // as things are at the end of a pass
	Counter                  // adds up
	Distribution             // many values, of which the spread counts: a histogram
)

// What is measured. A pass that could not run to its end gives PassFailures
// and, where the record could be read, Staleness. A look for drift gives
// WorkspacesDrifted alone.
var (
	PassDuration      = Metric{"reconcile.pass.duration", "s", Distribution}
	PassFailures      = Metric{"reconcile.pass.failures", "{pass}", Counter}
	Staleness         = Metric{"reconcile.staleness", "s", Gauge}
	WorkspacesFailed  = Metric{"reconcile.workspaces.failed", "{workspace}", Gauge}
	WorkspacesBlocked = Metric{"reconcile.workspaces.blocked", "{workspace}", Gauge}
	WorkspacesDrifted = Metric{"reconcile.workspaces.drifted", "{workspace}", Gauge}
	WorkspacesApplied = Metric{"reconcile.workspaces.applied", "{workspace}", Counter}
	WorkspaceDuration = Metric{"reconcile.visit.duration", "s", Distribution}
	LeaseWait         = Metric{"reconcile.lease.wait", "s", Distribution}
)

// Metrics are all that there are.
var Metrics = []Metric{
	PassDuration, PassFailures, Staleness, WorkspacesFailed, WorkspacesBlocked, WorkspacesDrifted, WorkspacesApplied, WorkspaceDuration, LeaseWait,
}

// bucketBounds of the buckets of distributions, in seconds: from a pass with nothing
// to do to a database that takes hours to make.
var bucketBounds = []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400}

// sample is one value of a metric, and what it is the value of.
type sample struct {
	Metric
	value      float64
	attributes map[string]string
}

// Attributes of measures and spans.
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
