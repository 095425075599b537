// Package checkout lays out a commit's tree for Terraform: at a path that never changes,
// under a lock, with exactly the commit's inputs, and for unreviewed code with limits.
// It does not know what is planned or applied there.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"reconcile/internal/files"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Checkout is the directory in which Terraform runs: the whole tree at a fixed path. It
// is locked against other passes on this machine from the first workspace that needs it
// to the last.
type Checkout struct {
	run       *run.Run
	config    *run.Config
	inventory *inventory.Inventory
	policy    *settings.Policy // for plans of unreviewed code; else nil
	// readOnly: nothing is applied, and no lease is held.
	readOnly bool
	allDirs  [run.MaxCheckouts]string // of the checkouts of passes
	dir      string                   // contains the tree and its lock
	dirs     map[string]*workDir      // by the path of the directory

	mu   sync.Mutex
	lock *flock.Flock
	root string // "" until the tree is laid out
	err  error  // why the tree could not be laid out

	restoreMu sync.Mutex // serializes restore
}

// New returns a checkout for applies, in the directory of passes. The tree is laid out when
// a workspace first needs it. The caller closes the checkout.
func New(r *run.Run, workspaces *inventory.Inventory) *Checkout {
	c := &Checkout{run: r, config: r.Config, inventory: workspaces, allDirs: r.Config.CheckoutDirs(), dirs: map[string]*workDir{}}
	c.dir = c.allDirs[r.Options.CheckoutNumber]
	for _, entry := range workspaces.Entries {
		c.dirs[entry.Dir.Path] = newWorkDir()
	}
	return c
}

// NewReadOnly returns a checkout for plans. It leaves in place what an apply
// left there.
func NewReadOnly(r *run.Run, workspaces *inventory.Inventory) *Checkout {
	c := New(r, workspaces)
	c.readOnly = true
	return c
}

// NewForRollout returns a checkout for the steps of a rollout whose commit is not the tip's. It
// has a directory of its own, because the tip's tree may be in use.
func NewForRollout(r *run.Run, workspaces *inventory.Inventory) *Checkout {
	c := New(r, workspaces)
	c.dir = filepath.Join(r.Config.PassDir(), "rollout")
	return c
}

// lockName is the file in the directory of a checkout that is locked while it is used.
const lockName = "lock"

// CheckPath returns an error if a plan mentions the path of this checkout, and this is not the
// one that passes mostly use: an apply would put one path into the place of another.
func (c *Checkout) CheckPath(planText string) error {
	if root := filepath.Join(c.dir, run.CheckoutTree); c.run.Options.CheckoutNumber > 0 && strings.Contains(planText, root) {
		return &run.ClaimedError{Path: root}
	}
	return nil
}

// Close deletes unreviewed code, and releases the lock of the checkout.
func (c *Checkout) Close() {
	if c.lock == nil {
		return
	}
	c.removeUntrusted()
	if err := c.lock.Unlock(); err != nil {
		c.run.Log.Warn("could not release the checkout's lock", "error", err)
	}
}

// LayOut lays the tree out on the first call, and returns its root.
func (c *Checkout) LayOut(ctx context.Context) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.root == "" && c.err == nil {
		c.root, c.err = c.layOutTree(ctx)
	}
	return c.root, c.err
}

func (c *Checkout) layOutTree(ctx context.Context) (string, error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return "", fmt.Errorf("create the directory of the checkout: %w", err)
	}
	if err := c.lockCheckout(ctx, filepath.Join(c.dir, lockName)); err != nil {
		return "", err
	}
	c.removeUntrusted()
	root := filepath.Join(c.dir, run.CheckoutTree)
	if !c.readOnly {
		if err := c.collectErroredStates(ctx); err != nil {
			return "", err
		}
	}
	links := map[string]string{}
	if c.policy != nil { // unreviewed code gets only outputs: see writeUpstreamOutputs
		c.inventory.Commit.Tree.Omit(repotree.IsToolFile)
	} else {
		links = c.listStateLinks()
	}
	isPreserved := func(path string, d fs.DirEntry) bool {
		_, isLink := links[path]
		return isLink && d.Type() == fs.ModeSymlink || terraform.IsPreserved(path, d)
	}
	if err := c.inventory.Commit.Tree.Checkout(ctx, root, isPreserved); err != nil {
		return "", fmt.Errorf("lay out %s: %w", c.inventory.Commit, err)
	}
	return root, c.linkStates(root, links)
}

// lockCheckout waits for another pass on this machine, at most Wait.
func (c *Checkout) lockCheckout(ctx context.Context, file string) error {
	wait, cancel := context.WithTimeout(ctx, c.config.Wait)
	defer cancel()
	lock := files.NewLock(file)
	ok, err := lock.TryLock() // also if Wait is zero
	if !ok && err == nil {
		ok, err = lock.TryLockContext(wait, 100*time.Millisecond)
	}
	switch {
	case ok:
		c.lock = lock
		return nil
	case ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
		return &run.CheckoutBusyError{File: file}
	default:
		return fmt.Errorf("lock %s: %w", file, err)
	}
}

// listStateLinks returns the workspaces with local states, by the paths in the tree where their
// readers expect these states. The graph knows them: entries change while others are worked on.
func (c *Checkout) listStateLinks() map[string]string {
	links := map[string]string{}
	if c.config.LocalState == "" {
		return links
	}
	for identity, name := range c.inventory.Graph.Owners() {
		path, local := strings.CutPrefix(string(identity), workspace.LocalIdentityPrefix)
		// checkLocalState refuses a workspace whose state is in the tree.
		if local && c.inventory.Commit.Tree.ID(path) == repotree.AbsentID {
			links[path] = name
		}
	}
	return links
}

// linkStates links the local states into the tree.
func (c *Checkout) linkStates(root string, links map[string]string) error {
	for path, name := range links {
		if err := terraform.LinkState(filepath.Join(root, filepath.FromSlash(path)), c.config.LocalStatePath(name)); err != nil {
			return fmt.Errorf("link the state of %s: %w", name, err)
		}
	}
	return nil
}

// OpenTerraform opens Terraform when a workspace first needs it.
func (c *Checkout) OpenTerraform(ctx context.Context) (run.Terraform, error) {
	opened, err := c.config.Terraform(ctx)
	if err != nil {
		return nil, err
	}
	if is := repotree.Product(opened.Product()); is != c.inventory.Product {
		return nil, fmt.Errorf("the program is %s, but by its file name it is %s, and the two read different files: give the program's own path with --terraform", is, c.inventory.Product)
	}
	return opened, nil
}
