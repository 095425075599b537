// Package wire opens what a command needs, as its settings say: the repository, the
// record, Terraform, Backlog, notifiers and executors. No other package below the command
// joins settings and AWS with the reconciler.
package wire

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/awsalarms"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/page"
	"reconcile/reconciler"
	"reconcile/reconciler/approval"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// TipPollInterval is the maximum age of the tip when a pass starts a workspace.
const TipPollInterval = 10 * time.Second

// Deps holds the dependencies of a command, made from the settings. Expensive ones
// (AWS, secrets, Terraform) are created at their first use.
type Deps struct {
	Settings  *config.Settings
	Source    *source.Repository // nil until it is open
	Record    *state.Record      // nil until it is open
	Snapshots *snapshot.Store    // nil until it is open, and where no place is set
	// AWS returns the SDK's own settings.
	AWS func() (aws.Config, error)
	// DigestKey reads the key of the digests.
	DigestKey func(context.Context) (config.DigestKey, error)
	// OnFetchProgress is called from time to time while a long fetch goes on; it may be nil.
	// It is set before the first fetch.
	OnFetchProgress func()
	// TipPoll replaces TipPollInterval, unless it is 0.
	TipPoll time.Duration

	log              *slog.Logger
	withoutGit       bool              // Git's credentials are not needed
	settingsFile     *run.SettingsFile // nil: the repository's own settings
	signers          *source.Signers
	secrets          []string         // values that Terraform's output must not show
	sandbox          *sandbox.Sandbox // for code that nobody has approved
	restrictedAssume roles.Assumer    // its credentials
	closers          []func() error

	productMu     sync.Mutex
	cachedProduct repotree.Product // once it is known
}

// New returns dependencies that are not open yet.
func New(ctx context.Context, s *config.Settings, log *slog.Logger) *Deps {
	deps := &Deps{Settings: s, log: log, AWS: config.AWSLoader(ctx)}
	deps.DigestKey = s.DigestKeyReader(deps.AWS)
	return deps
}

// Uses says what a command uses beside the record. What it does not use need not be set, and
// not be readable.
type Uses int

// What commands use.
const (
	Git Uses = 1 << iota
	Snapshots
	DigestKey

	RecordAlone Uses = 0
	Everything       = Git | Snapshots | DigestKey
)

// Open resolves the settings and opens the dependencies. It does not call a remote
// yet. The caller must call Close.
func Open(ctx context.Context, s *config.Settings, log *slog.Logger, uses Uses) (_ *Deps, err error) {
	if err := s.Resolve(); err != nil {
		return nil, err
	}
	if uses&Snapshots != 0 {
		if err := s.RequireSnapshots(); err != nil {
			return nil, err
		}
	}
	if uses&DigestKey != 0 {
		if err := s.RequireDigestKey(); err != nil {
			return nil, err
		}
	}
	deps := New(ctx, s, log)
	deps.withoutGit = uses&Git == 0
	defer func() {
		if err != nil {
			err = errors.Join(err, deps.Close())
		}
	}()
	if deps.signers, err = s.ReadSigners(); err != nil {
		return nil, err
	}
	if deps.settingsFile, err = s.ReadSettingsFile(); err != nil {
		return nil, err
	}
	if deps.Source, err = deps.OpenSource(ctx); err != nil {
		return nil, err
	}
	if deps.Record, err = deps.openRecord(ctx); err != nil {
		return nil, err
	}
	if s.Snapshots != "" {
		deps.Snapshots, err = deps.OpenSnapshots(ctx)
	}
	return deps, err
}

// Close closes what was opened, the last first.
func (d *Deps) Close() error {
	var errs []error
	for _, closer := range slices.Backward(d.closers) {
		errs = append(errs, closer())
	}
	d.closers = nil
	return errors.Join(errs...)
}

// OpenSource opens the repository and reads its credentials. It does not ask the remote
// yet.
func (d *Deps) OpenSource(ctx context.Context) (*source.Repository, error) {
	s := d.Settings
	credentials, err := s.ReadGitCredentials(ctx, d.AWS)
	if err != nil && d.withoutGit {
		d.log.DebugContext(ctx, "Git's credentials could not be read; they are not needed now", "error", err)
	} else if err != nil {
		return nil, err
	}
	d.secrets = append(d.secrets, credentials.Secrets()...)
	return source.Open(source.Options{
		URL: s.Repo, Branch: s.Branch, Credentials: credentials,
		CacheDir: filepath.Join(s.Work, "git"), Log: d.log,
		OnProgress: func() {
			if d.OnFetchProgress != nil {
				d.OnFetchProgress()
			}
		},
	})
}

// RecordName returns --record, or a default that is the same for every spelling of the
// repository's address.
func (d *Deps) RecordName() string {
	s := d.Settings
	if s.Record != "" {
		return s.Record
	}
	name := d.Source.Name() + "@" + s.Branch
	if s.Environment != "" {
		name += ":" + s.Environment // a branch name has no colon
	}
	return name
}

func (d *Deps) openRecord(ctx context.Context) (*state.Record, error) {
	store, err := d.OpenStore(ctx)
	if err != nil {
		return nil, err
	}
	return state.New(store, d.RecordName(), d.recordOptions(ctx)), nil
}

// OpenSnapshots opens the store of --snapshots.
func (d *Deps) OpenSnapshots(ctx context.Context) (*snapshot.Store, error) {
	s := d.Settings
	if err := s.RequireSnapshots(); err != nil {
		return nil, err
	}
	var cfg aws.Config
	if strings.HasPrefix(s.Snapshots, config.SchemeS3) {
		var err error
		if cfg, err = d.AWS(); err != nil {
			return nil, err
		}
	}
	store, err := snapshot.Open(ctx, s.Snapshots, cfg)
	if err != nil {
		return nil, err
	}
	// In the work directory: a container's root may be read-only.
	store.TempDir = filepath.Join(s.Work, "tmp")
	return store, os.MkdirAll(store.TempDir, 0o700)
}

// NewReconciler returns a reconciler that sends events to observe (may be nil).
func (d *Deps) NewReconciler(observe func(run.Event)) *reconciler.Reconciler {
	return reconciler.New(d.RunConfig(observe))
}

// RunConfig returns the configuration of a run that sends events to observe (may be nil).
func (d *Deps) RunConfig(observe func(run.Event)) run.Config {
	s := d.Settings
	c := run.Config{
		Repo: d.Source.URL(), Branch: s.Branch, RecordName: d.RecordName(), Environment: s.Environment,
		Source: d.Source, Signers: d.signers, Record: d.Record,
		Terraform: d.openTerraform, Product: d.DetectProduct, Executor: d.newExecutor(), PlanBundles: d.Snapshots, Alarms: d.NewAlarms(), Notifiers: d.notifiers(),
		DigestKey: func(ctx context.Context) (string, []byte, error) {
			k, err := d.DigestKey(ctx)
			return k.ID, k.Key, err
		},
		LookupEnv: os.LookupEnv,
		WorkDir:   s.Work, SettingsFile: d.settingsFile,
		Gate:        settings.ApplyMode(s.Gate),
		Parallelism: s.Parallelism, Wait: s.Wait, TipPoll: cmp.Or(d.TipPoll, TipPollInterval),
		Log: d.log, Observe: observe,
	}
	if d.Snapshots != nil { // else the field would be no nil
		c.Snapshots = d.Snapshots
	}
	if s.PageURL != "" {
		c.PageURL = page.URLs(s.PageURL, d.RecordName())
	}
	if s.Approvers != "" {
		c.Approvers = d.Approvers
		if s.UsesBacklog() {
			c.PullRequests = d.openPullRequests
		}
	}
	if s.IsEmbedded() {
		c.LocalStateOf = func(record string) string { return filepath.Join(s.State, "tfstate", state.DirName(record)) }
		c.LocalState = c.LocalStateOf(d.RecordName())
		c.WorkTrees = d.Source.WorkTrees()
	}
	return c
}

// OfflineConfig returns the configuration of what reads a tree, and neither a repository nor a
// record.
func (d *Deps) OfflineConfig() (run.Config, error) {
	s := d.Settings
	tried, err := s.ReadSettingsFile()
	return run.Config{
		Environment: s.Environment, SettingsFile: tried, Product: d.DetectProduct, Gate: settings.ApplyMode(s.Gate), Log: d.log,
	}, err
}

func (d *Deps) openTerraform(ctx context.Context) (run.Terraform, error) {
	t, err := d.NewTerraform(ctx)
	if err != nil {
		return nil, err
	}
	return run.AdaptTerraform(t), nil
}

// Approvers reads who may approve plans; nil: the setting is missing.
func (d *Deps) Approvers(ctx context.Context) (*approval.Approvers, error) {
	return d.Settings.ReadApprovers(ctx, d.AWS)
}

// DetectProduct returns the product (Terraform or OpenTofu) by the name of its binary,
// or else by running it.
func (d *Deps) DetectProduct(ctx context.Context) (repotree.Product, error) {
	d.productMu.Lock()
	defer d.productMu.Unlock()
	if d.cachedProduct != "" {
		return d.cachedProduct, nil
	}
	name, err := terraform.ProductByName(d.Settings.Terraform)
	if err == nil && name == "" {
		var t *terraform.Terraform
		if t, err = d.NewTerraform(ctx); err == nil {
			name = t.Product()
		}
	}
	d.cachedProduct = repotree.Product(name)
	return d.cachedProduct, err
}

// assumer returns how roles of workspaces are assumed.
func (d *Deps) assumer() roles.Assumer {
	return roles.NewAssumer(func(context.Context) (aws.Config, error) { return d.AWS() })
}

// NewAlarms returns what reads the alarms of rollouts.
func (d *Deps) NewAlarms() run.Alarms {
	return &awsalarms.Reader{AWS: d.AWS, AssumeRole: d.assumer()}
}

// NewTerraform finds or installs Terraform. Close ends it.
func (d *Deps) NewTerraform(ctx context.Context) (*terraform.Terraform, error) {
	s := d.Settings
	t, err := terraform.New(ctx, terraform.Options{
		Binary: s.Terraform, WorkDir: s.Work, Secrets: d.secrets, Log: d.log, Sandbox: d.sandbox, AssumeRestrictedRole: d.restrictedAssume,
		AssumeRole: d.assumer(),
	})
	if err != nil {
		return nil, err
	}
	d.closers = append(d.closers, t.Close)
	return t, nil
}
