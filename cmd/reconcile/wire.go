package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/secret"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/roles"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// tipPollInterval is the maximum age of the tip when a pass starts a workspace.
const tipPollInterval = 10 * time.Second

// deps holds the dependencies of a command, made from the settings. Expensive ones
// (AWS, secrets, Terraform) are created at their first use.
type deps struct {
	settings    *settings
	log         *slog.Logger
	source      *source.Repository
	signers     *source.Signers
	secrets     []string // values that Terraform's output must not show
	record      *state.Record
	snapshots   *snapshot.Store
	aws         func() (aws.Config, error)
	digestKey   func(context.Context) (digestKey, error)
	sandbox     *sandbox.Sandbox // for code that nobody has approved
	briefAssume roles.Assumer    // its credentials
	closers     []func() error

	productMu     sync.Mutex
	cachedProduct repotree.Product // once it is known
}

// newDeps returns dependencies of which none is open yet.
func newDeps(ctx context.Context, s *settings, log *slog.Logger) *deps {
	p := &deps{settings: s, log: log, aws: awsConfig(ctx)}
	p.digestKey = s.digestKeyReader(p.aws)
	return p
}

// openDeps resolves the settings and opens the dependencies. It does not call a remote
// yet. The caller must call close.
func openDeps(ctx context.Context, s *settings, log *slog.Logger) (_ *deps, err error) {
	if err := s.resolve(); err != nil {
		return nil, err
	}
	p := newDeps(ctx, s, log)
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	if p.signers, err = s.readSigners(); err != nil {
		return nil, err
	}
	if p.source, err = p.openSource(ctx); err != nil {
		return nil, err
	}
	if p.record, err = p.openRecord(ctx); err != nil {
		return nil, err
	}
	p.snapshots, err = p.openSnapshots(ctx)
	return p, err
}

// close closes what was opened, the last first.
func (p *deps) close() error {
	var errs []error
	for i := len(p.closers) - 1; i >= 0; i-- {
		errs = append(errs, p.closers[i]())
	}
	p.closers = nil
	return errors.Join(errs...)
}

func (p *deps) openSource(ctx context.Context) (*source.Repository, error) {
	s := p.settings
	credentials, err := s.readGitCredentials(ctx, p.aws)
	if err != nil {
		return nil, err
	}
	for _, value := range []secret.Text{credentials.Password, credentials.PrivateKey} {
		if value != "" {
			p.secrets = append(p.secrets, string(value))
		}
	}
	return source.Open(ctx, source.Options{
		URL: s.Repo, Branch: s.Branch, Credentials: credentials,
		CacheDir: filepath.Join(s.Work, "git"), Log: p.log,
	})
}

// recordName returns --record, or a default that is the same for every spelling of the
// repository's address.
func (p *deps) recordName() string {
	s := p.settings
	if s.Record != "" {
		return s.Record
	}
	name := p.source.Name() + "@" + s.Branch
	if s.Environment != "" {
		name += ":" + s.Environment // a branch name has no colon
	}
	return name
}

func (p *deps) openRecord(ctx context.Context) (*state.Record, error) {
	store, err := p.openStore(ctx)
	if err != nil {
		return nil, err
	}
	return state.New(store, p.recordName(), p.recordOptions(ctx)), nil
}

func (p *deps) openSnapshots(ctx context.Context) (*snapshot.Store, error) {
	s := p.settings
	var cfg aws.Config
	if strings.HasPrefix(s.Snapshots, schemeS3) {
		var err error
		if cfg, err = p.aws(); err != nil {
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

// newReconciler returns a reconciler that sends events to observe (may be nil).
func (p *deps) newReconciler(observe func(run.Event)) *reconciler.Reconciler {
	s := p.settings
	c := run.Config{
		Repo: p.source.URL(), Branch: s.Branch, RecordName: p.recordName(), Environment: s.Environment,
		Source: p.source, Signers: p.signers, Record: p.record, Snapshots: p.snapshots,
		Terraform: p.openTerraform, Product: p.detectProduct, Executor: p.newExecutor(), PlanBundles: p.snapshots, Notifiers: p.notifiers(),
		DigestKey: func(ctx context.Context) (string, []byte, error) {
			k, err := p.digestKey(ctx)
			return k.id, k.key, err
		},
		LookupEnv:   os.LookupEnv,
		WorkDir:     s.Work,
		Parallelism: s.Parallelism, Wait: s.Wait, TipPoll: tipPollInterval,
		Log: p.log, Observe: observe,
	}
	if s.isEmbedded() {
		c.LocalStateOf = func(record string) string { return filepath.Join(s.State, "tfstate", state.DirName(record)) }
		c.LocalState = c.LocalStateOf(p.recordName())
		c.WorkTrees = p.source.WorkTrees()
	}
	return reconciler.New(c)
}

func (p *deps) openTerraform(ctx context.Context) (run.Terraform, error) {
	t, err := p.newTerraform(ctx)
	if err != nil {
		return nil, err
	}
	return run.AdaptTerraform(t), nil
}

// detectProduct returns the product (Terraform or OpenTofu) by the name of its binary,
// or else by running it.
func (p *deps) detectProduct(ctx context.Context) (repotree.Product, error) {
	p.productMu.Lock()
	defer p.productMu.Unlock()
	if p.cachedProduct != "" {
		return p.cachedProduct, nil
	}
	name, err := terraform.ProductByName(p.settings.Terraform)
	if err == nil && name == "" {
		var t *terraform.Terraform
		if t, err = p.newTerraform(ctx); err == nil {
			name = t.Product()
		}
	}
	p.cachedProduct = repotree.Product(name)
	return p.cachedProduct, err
}

func (p *deps) newTerraform(ctx context.Context) (*terraform.Terraform, error) {
	s := p.settings
	t, err := terraform.New(ctx, terraform.Options{
		Binary: s.Terraform, WorkDir: s.Work, Secrets: p.secrets, Log: p.log, Sandbox: p.sandbox, AssumeRestrictedRole: p.briefAssume,
		AssumeRole: roles.NewAssumer(func(context.Context) (aws.Config, error) { return p.aws() }),
	})
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, t.Close)
	return t, nil
}
