// Package reconciler is the pass: from the tip of the watched branch to
// applied workspaces (pass.go, top to bottom), and the questions that can be
// asked of the same things without changing any: plan, changed, graph, status.
package reconciler

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// Source is the watched repository. *source.Repository is one.
type Source interface {
	Tip(ctx context.Context, protocol string) (source.Tip, error)
	Fetch(ctx context.Context, commit string) (*source.Commit, error)
	Contains(ctx context.Context, tip, old string) (yes, known bool, err error)
	Resolve(ctx context.Context, rev string) (commit string, err error)
	Refs(ctx context.Context, names []string) (commits map[string]string, err error)
	Merge(ctx context.Context, tip, head string) (*source.Merge, error)
}

// Snapshots keeps the trees that were applied, and the logs of runs.
// *snapshot.Store is one.
type Snapshots interface {
	Put(ctx context.Context, commit string, when time.Time, tree snapshot.Tree, objects []byte) (location string, err error)
	Fetch(ctx context.Context, commit, dir string, check snapshot.TreeVerifier) error
	Prune(ctx context.Context, before time.Time, keep func(commit string) bool) ([]string, error)
	PutLog(ctx context.Context, run, workspace string, log io.Reader) error
	PutFile(ctx context.Context, run, workspace, name string, contents io.Reader) (location string, err error)
	PruneLogs(ctx context.Context, before time.Time, keep func(run string) bool) ([]string, error)
}

// Config is what a Reconciler works with and on.
type Config struct {
	Repo        string // for people: no credentials in it
	Branch      string
	RecordName  string // the record's name: also the name of its folder below Work
	Environment string // of reconcile.hcl; "" for none

	Source    Source
	Signers   *source.Signers // who must have signed the tip; nil: nobody need
	Record    *state.Record
	Snapshots Snapshots
	// Terraform is called once, when the first workspace is planned, so that
	// a pass with nothing to do starts no process.
	Terraform func(ctx context.Context) (Terraform, error)
	// Product tells which product Terraform is, without starting it where that
	// can be told otherwise; nil: it is Terraform.
	Product func(ctx context.Context) (workspace.Product, error)
	// Executor does the work on workspaces elsewhere; nil: it is done here.
	Executor Executor
	// PlanBundles is where previews that an Executor makes are handed over; it may
	// be nil where there is none.
	PlanBundles PlanBundles
	// Notifiers tell people what became of workspaces.
	Notifiers []Notifier
	// DigestKey returns the key of outputs digests and of hashed variables,
	// and its id. Called only when something is hashed.
	DigestKey func(ctx context.Context) (id string, key []byte, err error)
	// LookupEnv returns a variable of our environment (TF_VAR_* that the
	// settings declare).
	LookupEnv func(name string) (string, bool)

	WorkDir    string // folder for the checkout
	LocalState string // folder for states with a local backend; "" where they are refused
	// LocalStateOf is that folder for another record of the store; nil where
	// such states are refused.
	LocalStateOf func(record string) string
	WorkTrees    []string // of a local repository, where such a state may lie already

	Parallelism int           // workspaces at once
	Wait        time.Duration // how long to wait for what another run holds
	// TaskPoll is how often a pass looks whether what an Executor started has
	// come to its end, more often at first; 5 s when zero.
	TaskPoll time.Duration
	// TipPoll is how long after the tip was asked for a pass asks again
	// before it starts another workspace; 30 s when zero.
	TipPoll time.Duration
	Now     func() time.Time
	// Jitter returns a part of a duration, by chance; it may be nil.
	Jitter func(time.Duration) time.Duration
	Log    *slog.Logger
	// Observe is told of each step of the pass and of each workspace, from
	// several goroutines; it may be nil.
	Observe func(Event)
}

// Options are what one pass is asked for.
type Options struct {
	Run     string   // id (ULID); "" makes one
	Trigger string   // schedule, manual, webhook
	Only    []string // these workspaces alone; none: all
	Replan  bool     // take every workspace (or every one of Only) as stale
	Adopt   bool     // apply to a state that exists already and that we have no record of
}

// Reconciler runs passes over one repository, branch and record.
type Reconciler struct {
	config      Config
	terraformMu sync.Mutex
	terraform   Terraform // once it was needed
}

// New returns a Reconciler. Source, Record, Snapshots, Terraform, DigestKey
// and Work must be set.
func New(c Config) *Reconciler {
	if c.Parallelism < 1 {
		c.Parallelism = 1
	}
	if c.TipPoll == 0 {
		c.TipPoll = 30 * time.Second
	}
	if c.TaskPoll == 0 {
		c.TaskPoll = 5 * time.Second
	}
	if c.Jitter == nil {
		c.Jitter = rand.N[time.Duration]
	}
	if c.Product == nil {
		c.Product = func(context.Context) (workspace.Product, error) { return workspace.Terraform, nil }
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	return &Reconciler{config: c}
}
