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

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// checkout is the directory in which Terraform runs: the whole tree at a fixed path. It
// is locked against other passes on this machine from the first workspace that needs it
// to the last.
type checkout struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory
	policy    *settings.Policy // for plans of unreviewed code; else nil
	// readOnly: nothing is applied, and no lease is held.
	readOnly bool
	dir      string // contains the tree and its lock

	mu   sync.Mutex
	lock *flock.Flock
	root string // "" until the tree is laid out
	err  error  // why the tree could not be laid out

	restoreMu sync.Mutex // serializes restoreInputs
}

func newCheckout(r *run.Run, w *inventory) *checkout {
	return &checkout{run: r, config: r.Config, inventory: w, dir: r.Config.PassDir()}
}

// newReadOnlyCheckout returns a checkout for plans. It leaves in place what an apply
// left there.
func newReadOnlyCheckout(r *run.Run, w *inventory) *checkout {
	checkout := newCheckout(r, w)
	checkout.readOnly = true
	return checkout
}

func (s *checkout) close() {
	if s.lock == nil {
		return
	}
	s.removeUntrusted()
	if err := s.lock.Unlock(); err != nil {
		s.run.Log.Warn("could not release the checkout's lock", "error", err)
	}
}

// ensureLaidOut lays the tree out on the first call, and returns its root.
func (s *checkout) ensureLaidOut(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == "" && s.err == nil {
		s.root, s.err = s.layOut(ctx)
	}
	return s.root, s.err
}

func (s *checkout) layOut(ctx context.Context) (string, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", fmt.Errorf("create the directory of the checkout: %w", err)
	}
	if err := s.lockCheckout(ctx, filepath.Join(s.dir, "lock")); err != nil {
		return "", err
	}
	s.removeUntrusted()
	root := filepath.Join(s.dir, run.CheckoutTree)
	if !s.readOnly {
		if err := s.collectErroredStates(ctx, root); err != nil {
			return "", err
		}
	}
	if s.policy != nil {
		s.inventory.commit.Tree.Omit(repotree.IsToolFile)
	}
	if err := s.inventory.commit.Tree.Checkout(ctx, root, terraform.IsPreserved); err != nil {
		return "", fmt.Errorf("lay out %s: %w", commitid.Abbrev(s.inventory.commit.ID), err)
	}
	if s.policy != nil {
		return root, nil // unreviewed code gets only outputs: see writeUpstreamOutputs
	}
	return root, s.linkStates(root)
}

// lockCheckout waits for another pass on this machine, at most Wait.
func (s *checkout) lockCheckout(ctx context.Context, file string) error {
	wait, cancel := context.WithTimeout(ctx, s.config.Wait)
	defer cancel()
	lock := flock.New(file, flock.SetPermissions(0o600))
	ok, err := lock.TryLock() // also if Wait is zero
	if !ok && err == nil {
		ok, err = lock.TryLockContext(wait, 100*time.Millisecond)
	}
	switch {
	case ok:
		s.lock = lock
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return &run.CheckoutBusyError{File: file}
	default:
		return fmt.Errorf("lock %s: %w", file, err)
	}
}

// collectErroredStates saves the states that a killed Terraform could not write, before
// the tree is laid out again. A file may now replace a former workspace directory, and
// the checkout would then delete its content.
func (s *checkout) collectErroredStates(ctx context.Context, root string) error {
	for _, entry := range s.inventory.entries {
		if _, err := s.preserveErroredState(ctx, root, entry); err != nil {
			return err
		}
	}
	for name, rec := range s.inventory.records {
		if s.inventory.entries[name] != nil {
			continue
		}
		text, err := s.preserveErroredState(ctx, root, newRemovedEntry(rec))
		if err != nil {
			return err
		}
		if text != "" {
			s.run.Warn(name + ": " + text)
		}
	}
	return nil
}

// newRemovedEntry returns an entry for a recorded workspace that is not at the tip any more.
func newRemovedEntry(rec state.Workspace) *workspaceEntry {
	return &workspaceEntry{dir: settings.Dir{Name: rec.Name, Path: gitpath.Unquote(rec.Path)}, record: rec}
}

// preserveErroredState moves an errored state out of the workspace's directory and places a
// recovery hold. It returns the text for people; "" if there is no such state.
func (s *checkout) preserveErroredState(ctx context.Context, root string, entry *workspaceEntry) (text string, err error) {
	kept, err := terraform.SaveErroredState(s.config.WorkDir, entry.dir.Name, filepath.Join(root, filepath.FromSlash(entry.dir.Path)))
	if err != nil || kept == "" {
		return "", err
	}
	held := s.placeRecoveryHold(ctx, entry, kept, kept)
	if waits := (*run.BlockedError)(nil); !errors.As(held, &waits) {
		return "", held
	}
	if holds, err := s.config.Record.Holds(ctx); err == nil {
		hold := holds[entry.dir.Name]
		entry.hold = &hold
	}
	return held.Error(), nil
}

// linkStates links the local states into the tree, at the paths where their readers
// expect them.
func (s *checkout) linkStates(root string) error {
	if s.config.LocalState == "" {
		return nil
	}
	for name, entry := range s.inventory.entries {
		path, local := strings.CutPrefix(s.inventory.stateIdentity(entry), run.LocalIdentityPrefix)
		if !local {
			continue
		}
		if s.inventory.commit.Tree.ID(path) != "absent" {
			continue // checkLocalState refuses this workspace
		}
		if err := terraform.LinkState(filepath.Join(root, filepath.FromSlash(path)), s.config.LocalStatePath(name)); err != nil {
			return fmt.Errorf("link the state of %s: %w", name, err)
		}
	}
	return nil
}

// newJob returns Terraform's settings for one workspace.
func (s *checkout) newJob(ctx context.Context, root string, entry *workspaceEntry) (terraform.Spec, error) {
	ws := s.inventory.load(entry)
	if ws.Err != nil {
		return terraform.Spec{}, ws.Err
	}
	if !ws.Backend.Locks && ws.Backend.Type != "local" && !entry.config.AllowUnlocked {
		return terraform.Spec{}, fmt.Errorf("the %s backend of %s does not lock: make it lock (s3: use_lockfile = true), or set allow_unlocked = true for it in env/reconcile.hcl", ws.Backend.Type, entry.dir.Name)
	}
	job := terraform.Spec{
		Name: entry.dir.Name, RunID: s.run.Options.Run, Root: root, Dir: filepath.Join(root, filepath.FromSlash(entry.dir.Path)),
		PlanRole: entry.config.PlanRole, ApplyRole: entry.config.ApplyRole,
		InitKey: ws.InitKey, NoProviders: !ws.NeedsProviders, HasLockFile: ws.LockFile != "", Vars: map[string]string{},
	}
	for _, file := range entry.config.VarFiles {
		job.VarFiles = append(job.VarFiles, filepath.Join(root, filepath.FromSlash(file)))
	}
	if entry.config.BackendConfig != "" {
		job.BackendConfig = filepath.Join(root, filepath.FromSlash(entry.config.BackendConfig))
	}
	for _, name := range entry.config.Env {
		value, ok := s.config.LookupEnv(name)
		if !ok {
			return job, fmt.Errorf("env/reconcile.hcl passes %s on to %s, but it is not set in the environment of reconcile", name, entry.dir.Name)
		}
		job.Vars[strings.TrimPrefix(name, "TF_VAR_")] = value
	}
	job.CheckBackend = ws.Backend.Check
	if s.policy != nil {
		s.confine(&job, ws)
	}
	if ws.Backend.Type != "local" {
		return job, nil
	}
	job.LocalState = s.config.LocalStatePath(entry.dir.Name)
	return job, s.checkLocalState(ctx, entry, ws, job.LocalState)
}

// checkLocalState refuses a local state that would be lost, or that already exists at
// another path.
func (s *checkout) checkLocalState(ctx context.Context, entry *workspaceEntry, ws *workspace.Workspace, state string) error {
	if !norm.NFC.IsNormalString(s.config.LocalState) {
		return fmt.Errorf("the states of this record are in %s, and Terraform would change that path (to Unicode NFC): use another directory with --state", s.config.LocalState)
	}
	if s.config.LocalState == "" {
		return fmt.Errorf("%s stores its Terraform state in a local file, which would be lost with this machine: configure a backend (s3)", entry.dir.Name)
	}
	if id := s.inventory.commit.Tree.ID(ws.Backend.Path); id != "absent" {
		return fmt.Errorf("%s has its Terraform state committed at %s: remove it from Git (git rm --cached) after copying it to %s", entry.dir.Name, ws.Backend.Path, state)
	}
	if hasContent(state) {
		return nil
	}
	for _, lying := range s.listLegacyStates(ws) {
		if hasContent(lying) {
			return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("a Terraform state of %s exists at %s: copy it with `mkdir -p %s && cp %[2]s %[4]s`, then run the pass again", entry.dir.Name, lying, filepath.Dir(state), state)}
		}
	}
	return s.checkDuplicateRecords(ctx, entry)
}

// listLegacyStates returns the paths where a local state may lie that was made without
// reconcile.
func (s *checkout) listLegacyStates(ws *workspace.Workspace) (places []string) {
	at := filepath.FromSlash(ws.Backend.Path)
	if filepath.IsAbs(at) {
		return []string{at}
	}
	for _, tree := range s.config.WorkTrees {
		places = append(places, filepath.Join(tree, at))
	}
	return places
}

// checkDuplicateRecords blocks a workspace if another record has its local state: a
// record of the same branch under another address. Otherwise everything would be
// created a second time.
func (s *checkout) checkDuplicateRecords(ctx context.Context, entry *workspaceEntry) error {
	if s.run.Options.Adopt || s.config.LocalStateOf == nil {
		return nil
	}
	duplicates, err := s.config.FindDuplicateRecords(ctx, s.inventory.commit.ID)
	if err != nil {
		return fmt.Errorf("search other records for a state of %s: %w", entry.dir.Name, err)
	}
	for _, duplicate := range duplicates {
		its := filepath.Join(s.config.LocalStateOf(duplicate), filepath.FromSlash(entry.dir.Name)+".tfstate")
		if hasContent(its) {
			return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("the record %s of this branch under another address has a Terraform state of %s (%s): continue with that record (`reconcile distrust --moved --record %[1]s`, then --record %[1]s), or create everything a second time with `reconcile now --adopt %[2]s`", duplicate, entry.dir.Name, its)}
		}
	}
	return nil
}

// hasContent reports whether a state file is not empty. Terraform leaves an empty file
// when it locks a state that does not exist yet.
func hasContent(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() > 0
}

// openTerraform opens Terraform when a workspace first needs it.
func (s *checkout) openTerraform(ctx context.Context) (run.Terraform, error) {
	opened, err := s.config.Terraform(ctx)
	if err != nil {
		return nil, err
	}
	if is := repotree.Product(opened.Product()); is != s.inventory.product {
		return nil, fmt.Errorf("the program is %s, but by its file name it is %s, and the two read different files: give the program's own path with --terraform", is, s.inventory.product)
	}
	return opened, nil
}
