package run

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/approval"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// Source is the watched repository. *source.Repository implements it.
type Source interface {
	Tip(ctx context.Context, protocol string) (source.Tip, error)
	Fetch(ctx context.Context, commit commitid.ID) (*source.Commit, error)
	Contains(ctx context.Context, tip, old commitid.ID) (yes, known bool, err error)
	Resolve(ctx context.Context, rev string) (commit commitid.ID, err error)
	Refs(ctx context.Context, names []string) (commits map[string]commitid.ID, err error)
	Merge(ctx context.Context, tip, head commitid.ID) (*source.Merge, error)
}

// Snapshots stores the trees that were applied, and the logs of runs. *snapshot.Store
// implements it.
type Snapshots interface {
	Put(ctx context.Context, commit commitid.ID, when time.Time, tree snapshot.Tree, objects []byte) (location string, err error)
	Fetch(ctx context.Context, commit commitid.ID, dir string, check snapshot.TreeVerifier) error
	Find(ctx context.Context, name string) (snapshot.Snapshot, error)
	Prune(ctx context.Context, before time.Time, keep func(commit commitid.ID) bool) ([]commitid.ID, error)
	PutLog(ctx context.Context, run runid.ID, workspace string, log io.Reader) error
	PutFile(ctx context.Context, run runid.ID, workspace string, name snapshot.FileName, contents io.Reader) (location string, err error)
	PruneLogs(ctx context.Context, before time.Time, keep func(run runid.ID) bool) ([]string, error)
}

// Config holds the settings and dependencies of a run.
type Config struct {
	Repo        string // shown to people: contains no credentials
	Branch      string
	RecordName  string // name of the record, and of its directory below WorkDir
	Environment string // environment in reconcile.hcl; "" for none

	Source    Source
	Signers   *source.Signers // accepted signers of the tip; nil: no signature is required
	Record    *state.Record
	Snapshots Snapshots
	// Terraform is called when the first workspace is planned, so that a pass with
	// nothing to do starts no process. It is called again only after an error.
	Terraform func(ctx context.Context) (Terraform, error)
	// Product returns which product Terraform is, without starting it if possible. nil
	// means Terraform.
	Product func(ctx context.Context) (repotree.Product, error)
	// Executor runs workspaces in other processes; nil runs them in this process.
	Executor Executor
	// PlanBundles stores the requests and responses of previews that an Executor runs.
	// It may be nil without an Executor.
	PlanBundles PlanBundles
	// Alarms reads the alarms of rollouts; nil: none can be read.
	Alarms Alarms
	// Notifiers send notifications about workspaces.
	Notifiers []Notifier
	// PageURL returns where people open the page of a run in a language; nil: there is none.
	PageURL func(language string, run runid.ID) string
	// DigestKey returns the key for output digests and hashed variables, and the key's
	// id. It is called only when something is hashed.
	DigestKey func(ctx context.Context) (id string, key []byte, err error)
	// LookupEnv returns an environment variable (TF_VAR_* that the settings declare).
	LookupEnv func(name string) (string, bool)

	WorkDir    string // directory of the checkout
	LocalState string // directory of states with a local backend; "" refuses such states
	// LocalStateOf returns that directory for another record of the store. nil refuses
	// such states.
	LocalStateOf func(record string) string
	WorkTrees    []string // work trees of a local repository, which may already contain such a state

	// SettingsFile replaces the settings of the repository by the text of a file; nil: the
	// commit has the settings.
	SettingsFile *SettingsFile

	// Gate is the loosest mode of approval that the settings may choose, and what counts
	// where they choose none; "": safe.
	Gate settings.ApplyMode
	// Approvers returns who may approve plans; nil: the operator has not set it.
	Approvers func(ctx context.Context) (*approval.Approvers, error)
	// PullRequests opens the service whose comments can approve plans; nil: there is none.
	PullRequests func(ctx context.Context) (PullRequests, error)

	Parallelism int           // how many workspaces run at once
	Wait        time.Duration // how long to wait for a lease or lock of another run
	// TaskPoll is how often a pass polls a task of the Executor; the first polls are
	// more frequent. Zero means 5 s.
	TaskPoll time.Duration
	// TipPoll is the minimum age of the last tip poll before a pass polls the tip
	// again. It does so before it starts another workspace, and with Options.HandOver
	// also while workspaces are being applied. Zero means 30 s.
	TipPoll time.Duration
	Now     func() time.Time
	// Jitter returns a random part of a duration; it may be nil.
	Jitter func(time.Duration) time.Duration
	Log    *slog.Logger
	warned *warnedTexts // see Run.Warn

	// Observe receives an event for each step of the pass and of each workspace. It is
	// called from several goroutines; it may be nil.
	Observe func(Event)
}

// SettingsFile is a file of settings that are not committed.
type SettingsFile struct {
	Name string // for errors
	Text []byte
}

// Options are the options of one pass.
type Options struct {
	Run     runid.ID      // id (ULID); "" generates one
	Trigger string        // schedule, manual, webhook
	Only    []string      // only these workspaces; empty: all
	Replan  bool          // treat every workspace (or every one of Only) as stale
	Adopt   bool          // apply to an existing state that the record does not know
	AtOnce  *state.AtOnce // apply the named workspaces without the steps of a rollout; nil: in steps

	// Snapshot is the commit of a stored snapshot (or its first characters), or
	// snapshot.Latest: the pass applies Only from it, and asks no Git server. Values are
	// variable files of that snapshot, which are passed last.
	Snapshot string
	Values   []string

	// HandOver: when the tip moves while workspaces are being applied, the pass emits
	// PhaseOvertaken, ends with those workspaces and leaves the new tip to another pass,
	// which the caller starts. Otherwise it takes the new tip itself, when they are done.
	HandOver bool
	// CheckoutNumber is the number of the checkout that the pass uses. Passes of one process that
	// run at once have different ones; most passes have 0.
	CheckoutNumber int
	// HadRecord: an earlier pass of this process has found the record, or made it. A pass that
	// finds none then fails: all would look new.
	HadRecord bool
}

// SetDefaults sets the fields that are not set and have a default, and makes Terraform
// return one program for all runs.
func (c *Config) SetDefaults() {
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
		c.Product = func(context.Context) (repotree.Product, error) { return repotree.Terraform, nil }
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
	c.warned = &warnedTexts{}
	c.Terraform = openOnce(c.Terraform)
}

// Notifier sends notifications about workspaces on one channel. After an error the
// notification is sent again.
type Notifier interface {
	Channel() string // key of the channel in the record
	Notify(ctx context.Context, report *notify.Notification) error
}

// PlanBundles stores the request and the response of a remote plan, under a key that
// nobody else knows. *snapshot.Store implements it.
type PlanBundles interface {
	PutBundleTree(ctx context.Context, key, part string, when time.Time, tree snapshot.Tree, objects []byte) error
	FetchBundleTree(ctx context.Context, key, part, dir string, check snapshot.TreeVerifier) error
	PutBundleFile(ctx context.Context, key, part string, data []byte) error
	BundleFile(ctx context.Context, key, part string, limit int) ([]byte, error)
}
