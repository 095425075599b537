package reconciler

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/text/unicode/norm"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// site is where Terraform works: one checkout of the whole tree at a path
// that is always the same, held against other passes of this machine from the
// first workspace that needs it until the last is done.
type site struct {
	*pass
	work  *work
	trust *workspace.Trust // in plans of code that nobody has approved; else nil
	// readOnly: nothing is applied, and no lease is held.
	readOnly bool
	home     string // directory of the checkout and its lock

	mu   sync.Mutex
	lock *flock.Flock
	root string // "" until laid out
	err  error  // why it could not be

	mending sync.Mutex // see mend
}

func (p *pass) open(w *work) *site {
	return &site{pass: p, work: w, home: p.passHome()}
}

// passHome is where passes have their checkout.
func (r *Reconciler) passHome() string {
	return filepath.Join(r.Work, "checkout", fileName(r.Name))
}

// passRoot is the checkout itself.
func (r *Reconciler) passRoot() string { return filepath.Join(r.passHome(), checkoutTree) }

// openReadOnly is for those who only look: what an apply left in the checkout
// stays there.
func (p *pass) openReadOnly(w *work) *site {
	return &site{pass: p, work: w, home: p.passHome(), readOnly: true}
}

func (s *site) close() {
	if s.lock == nil {
		return
	}
	s.clear()
	if err := s.lock.Unlock(); err != nil {
		s.log.Warn("the checkout's lock could not be given back", "error", err)
	}
}

// checkout lays the tree out, the first time it is called, and returns its
// root.
func (s *site) checkout(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == "" && s.err == nil {
		s.root, s.err = s.layOut(ctx)
	}
	return s.root, s.err
}

func (s *site) layOut(ctx context.Context) (string, error) {
	if err := os.MkdirAll(s.home, 0o700); err != nil {
		return "", fmt.Errorf("make room for the checkout: %w", err)
	}
	if err := s.lockCheckout(ctx, filepath.Join(s.home, "lock")); err != nil {
		return "", err
	}
	s.clear()
	root := filepath.Join(s.home, checkoutTree)
	if !s.readOnly {
		if err := s.findErrored(ctx, root); err != nil {
			return "", err
		}
	}
	if s.trust != nil {
		s.work.commit.Tree.Omit(workspace.IsToolFile)
	}
	if err := s.work.commit.Tree.Checkout(ctx, root, terraform.Keeps); err != nil {
		return "", fmt.Errorf("lay out %s: %w", short(s.work.commit.ID), err)
	}
	if s.trust != nil {
		return root, nil // it is shown less than the states: see shareOutputs
	}
	return root, s.linkStates(root)
}

// checkoutTree is the checkout, beside its lock.
const checkoutTree = "tree"

// lockCheckout waits for another pass of this machine, not longer than Wait.
func (s *site) lockCheckout(ctx context.Context, file string) error {
	wait, cancel := context.WithTimeout(ctx, s.Wait)
	defer cancel()
	lock := flock.New(file, flock.SetPermissions(0o600))
	ok, err := lock.TryLock() // even if there is no time to wait
	if !ok && err == nil {
		ok, err = lock.TryLockContext(wait, 100*time.Millisecond)
	}
	switch {
	case ok:
		s.lock = lock
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return &CheckoutBusyError{File: file}
	default:
		return fmt.Errorf("lock %s: %w", file, err)
	}
}

// CheckoutBusyError says that another pass of this machine uses the checkout.
type CheckoutBusyError struct{ File string }

func (e *CheckoutBusyError) Error() string {
	return fmt.Sprintf("another pass or preview on this machine works in the checkout (%s is locked): wait for it, or give this one a folder of its own with --work", e.File)
}

// findErrored looks, before a checkout is laid out anew, for states that a
// killed Terraform could not write. Where a workspace was once, there may be a
// file now, for which all that is there makes room.
func (s *site) findErrored(ctx context.Context, root string) error {
	for _, it := range s.work.items {
		if _, err := s.keepErrored(ctx, root, it); err != nil {
			return err
		}
	}
	for name, rec := range s.work.records {
		if s.work.items[name] != nil {
			continue
		}
		text, err := s.keepErrored(ctx, root, goneItem(rec))
		if err != nil {
			return err
		}
		if text != "" {
			s.warn(name + ": " + text)
		}
	}
	return nil
}

// goneItem is a workspace that is recorded, and no longer at the tip.
func goneItem(rec state.Workspace) *item {
	return &item{Dir: workspace.Dir{Name: rec.Name, Path: gitpath.Unquote(rec.Path)}, record: rec}
}

// keepErrored takes such a state out of a workspace's directory, holds the
// workspace, and returns what is to be said; "" where there is none.
func (s *site) keepErrored(ctx context.Context, root string, it *item) (text string, err error) {
	kept, err := terraform.KeepErrored(s.Work, it.Name, filepath.Join(root, filepath.FromSlash(it.Path)))
	if err != nil || kept == "" {
		return "", err
	}
	held := s.hold(ctx, it, kept, kept)
	if waits := (*waitError)(nil); !errors.As(held, &waits) {
		return "", held
	}
	if holds, err := s.Record.Holds(ctx); err == nil {
		hold := holds[it.Name]
		it.hold = &hold
	}
	return held.Error(), nil
}

// statePath is where the state of a workspace with a local backend is kept: in
// NFC, since every text in Terraform's configuration is, whatever it was
// written in.
func (r *Reconciler) statePath(name string) string {
	return filepath.Join(r.LocalState, norm.NFC.String(filepath.FromSlash(name))+".tfstate")
}

// localPrefix begins the identity of a state with a local backend; its path
// in the repository follows.
const localPrefix = "local:"

// linkStates puts links to the states with a local backend at the places
// where their readers look for them.
func (s *site) linkStates(root string) error {
	if s.LocalState == "" {
		return nil
	}
	for name, it := range s.work.items {
		path, local := strings.CutPrefix(s.work.identity(it), localPrefix)
		if !local {
			continue
		}
		if s.work.commit.Tree.ID(path) != "absent" {
			continue // refused when the workspace is worked on
		}
		if err := terraform.LinkState(filepath.Join(root, filepath.FromSlash(path)), s.statePath(name)); err != nil {
			return fmt.Errorf("link the state of %s: %w", name, err)
		}
	}
	return nil
}

// job is what Terraform is told of a workspace.
func (s *site) job(ctx context.Context, root string, it *item) (terraform.Job, error) {
	ws := s.work.load(it)
	if ws.Err != nil {
		return terraform.Job{}, ws.Err
	}
	if !ws.Backend.Locks && ws.Backend.Type != "local" && !it.config.AllowUnlocked {
		return terraform.Job{}, fmt.Errorf("the %s backend of %s does not lock: make it lock (s3: use_lockfile = true), or set allow_unlocked = true for it in env/reconcile.hcl", ws.Backend.Type, it.Name)
	}
	job := terraform.Job{
		Name: it.Name, Run: s.options.Run, Root: root, Dir: filepath.Join(root, filepath.FromSlash(it.Path)),
		PlanRole: it.config.PlanRole, ApplyRole: it.config.ApplyRole,
		InitKey: ws.InitKey, NoProviders: !ws.Providers, LockFile: ws.LockFile != "", Vars: map[string]string{},
	}
	for _, file := range it.config.VarFiles {
		job.VarFiles = append(job.VarFiles, filepath.Join(root, filepath.FromSlash(file)))
	}
	if it.config.BackendConfig != "" {
		job.BackendConfig = filepath.Join(root, filepath.FromSlash(it.config.BackendConfig))
	}
	for _, name := range it.config.Env {
		value, ok := s.Variable(name)
		if !ok {
			return job, fmt.Errorf("env/reconcile.hcl passes %s on to %s, but it is not set in the environment of reconcile", name, it.Name)
		}
		job.Vars[strings.TrimPrefix(name, "TF_VAR_")] = value
	}
	job.CheckBackend = ws.Backend.Check
	if s.trust != nil {
		s.distrust(&job, ws)
	}
	if ws.Backend.Type != "local" {
		return job, nil
	}
	job.LocalState = s.statePath(it.Name)
	return job, s.localAllowed(ctx, it, ws, job.LocalState)
}

// localAllowed refuses a local state where it would be lost, or where one
// lies elsewhere already.
func (s *site) localAllowed(ctx context.Context, it *item, ws *workspace.Workspace, state string) error {
	if !norm.NFC.IsNormalString(s.LocalState) {
		return fmt.Errorf("the states of this record are kept in %s, a name that Terraform would write otherwise (in Unicode's form NFC): name another directory with --state", s.LocalState)
	}
	if s.LocalState == "" {
		return fmt.Errorf("%s keeps its Terraform state in a local file, which would be lost with this machine: give it a backend (s3)", it.Name)
	}
	if id := s.work.commit.Tree.ID(ws.Backend.Path); id != "absent" {
		return fmt.Errorf("%s has its Terraform state committed at %s: take it out of Git (git rm --cached) after copying it to %s", it.Name, ws.Backend.Path, state)
	}
	if hasContent(state) {
		return nil
	}
	for _, lying := range s.mayLie(ws) {
		if hasContent(lying) {
			return &waitError{retry: true, why: fmt.Sprintf("a Terraform state of %s lies at %s: bring it in with `mkdir -p %s && cp %[2]s %s`, then run the pass again", it.Name, lying, filepath.Dir(state), state)}
		}
	}
	return s.ofTwins(ctx, it)
}

// mayLie is where a local state can lie that was made without us.
func (s *site) mayLie(ws *workspace.Workspace) (places []string) {
	at := filepath.FromSlash(ws.Backend.Path)
	if filepath.IsAbs(at) {
		return []string{at}
	}
	for _, tree := range s.WorkTrees {
		places = append(places, filepath.Join(tree, at))
	}
	return places
}

// ofTwins has a workspace wait whose local state another record keeps, which is
// of the same branch under another address: it would be made a second time.
func (s *site) ofTwins(ctx context.Context, it *item) error {
	if s.options.Adopt || s.LocalStateOf == nil {
		return nil
	}
	twins, err := s.twins(ctx, s.work.commit.ID)
	if err != nil {
		return fmt.Errorf("look for a state of %s in other records: %w", it.Name, err)
	}
	for _, twin := range twins {
		its := filepath.Join(s.LocalStateOf(twin), filepath.FromSlash(it.Name)+".tfstate")
		if hasContent(its) {
			return &waitError{retry: true, why: fmt.Sprintf("the record %s, which is of this branch under another address, has a Terraform state of %s (%s): go on with that record (`reconcile distrust --moved --record %[1]s`, then --record %[1]s), or make everything a second time with `reconcile now --adopt %[2]s`", twin, it.Name, its)}
		}
	}
	return nil
}

// hasContent tells whether a state file holds anything: Terraform leaves an
// empty one behind when it locks a state that does not exist yet.
func hasContent(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() > 0
}

// engine opens Terraform the first time that a workspace needs it.
func (s *site) engine(ctx context.Context) (Terraform, error) {
	s.engineMu.Lock()
	defer s.engineMu.Unlock()
	if s.opened == nil {
		opened, err := s.Terraform(ctx)
		if err != nil {
			return nil, err
		}
		if is := workspace.Product(opened.Product()); is != s.work.product {
			return nil, fmt.Errorf("the program that is to be run is %s, but by its file name it is %s, and the two read different files: name the program itself with --terraform", is, s.work.product)
		}
		s.opened = opened
	}
	return s.opened, nil
}

// fileName turns a record's name into one part of a path.
func fileName(name string) string {
	return strings.NewReplacer("/", "_", "\\", "_", ":", "_", "@", "_").Replace(name)
}
