package checkout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"reconcile/internal/files"
	"reconcile/internal/gitpath"
	"reconcile/internal/shell"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// collectErroredStates saves the states that a killed Terraform could not write, before
// the tree is laid out again. A file may now replace a former workspace directory, and
// the checkout would then delete its content.
func (c *Checkout) collectErroredStates(ctx context.Context) error {
	dirs := c.laidOutDirs()
	for _, entry := range c.inventory.Entries {
		if _, err := c.preserveErroredState(ctx, dirs, entry); err != nil {
			return err
		}
	}
	for name, rec := range c.inventory.Records {
		if c.inventory.Entries[name] != nil {
			continue
		}
		text, err := c.SaveRemovedState(ctx, rec)
		if err != nil {
			return err
		}
		if text != "" {
			c.run.Warn(name + ": " + text)
		}
	}
	return nil
}

// SaveRemovedState moves the errored state of a recorded workspace that is not at the tip any
// more, and places a recovery hold. It returns the text for people; "" if there is none.
func (c *Checkout) SaveRemovedState(ctx context.Context, rec state.Workspace) (text string, err error) {
	return c.preserveErroredState(ctx, c.laidOutDirs(), &inventory.Entry{
		Dir: settings.Dir{Name: rec.Name, Path: gitpath.Unquote(rec.Path)}, Record: rec,
	})
}

// MoveErroredState moves the errored state of a renamed workspace to where the next pass
// finds it under the new name.
func (c *Checkout) MoveErroredState(rec state.Workspace, to string) error {
	_, _, err := c.saveErroredState(c.laidOutDirs(), rec.Name, to, gitpath.Unquote(rec.Path))
	return err
}

// laidOutDirs returns the directories of the checkouts of passes that have a tree.
func (c *Checkout) laidOutDirs() (dirs []string) {
	for _, dir := range c.allDirs {
		if _, err := os.Lstat(filepath.Join(dir, run.CheckoutTree)); !errors.Is(err, fs.ErrNotExist) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// saveErroredState moves the errored state at a path of the repository out of the checkout, of
// those in dirs, that holds it, and returns whose and where it is; "" if there is none. The state
// of the workspace name is saved under another name, as. A checkout in use is left to its pass.
func (c *Checkout) saveErroredState(dirs []string, name, as, path string) (owner, kept string, err error) {
	for _, dir := range dirs {
		at := filepath.Join(dir, run.CheckoutTree, filepath.FromSlash(path))
		if dir != c.dir {
			if !files.Exists(at) {
				continue
			}
			lock := files.NewLock(filepath.Join(dir, lockName))
			if ok, err := lock.TryLock(); err != nil {
				return "", "", fmt.Errorf("lock %s: %w", lock.Path(), err)
			} else if !ok {
				continue
			}
			defer lock.Close()
		}
		if owner, kept, err = terraform.SaveErroredState(c.config.WorkDir, name, as, at); err != nil || kept != "" {
			return owner, kept, err
		}
	}
	return "", "", nil
}

// preserveErroredState moves an errored state out of the workspace's directory, in a checkout of
// those in dirs, and places a recovery hold on the workspace that it belongs to. It returns the
// text for people; "" if there is no such state.
func (c *Checkout) preserveErroredState(ctx context.Context, dirs []string, entry *inventory.Entry) (text string, err error) {
	owner, kept, err := c.saveErroredState(dirs, entry.Dir.Name, entry.Dir.Name, entry.Dir.Path)
	if err != nil || kept == "" {
		return "", err
	}
	if of := c.inventory.Entries[owner]; of != nil {
		entry = of
	}
	held := c.PlaceRecoveryHold(ctx, entry, kept, kept)
	if waits := (*run.BlockedError)(nil); !errors.As(held, &waits) {
		return "", held
	}
	if holds, err := c.config.Record.Holds(ctx); err == nil {
		hold := holds[entry.Dir.Name]
		entry.Hold = &hold
	}
	return held.Error(), nil
}

// PlaceRecoveryHold holds a workspace whose state was not written and is in file; kept
// lists all its locations.
func (c *Checkout) PlaceRecoveryHold(ctx context.Context, entry *inventory.Entry, file, kept string) error {
	product, err := c.config.Product(ctx)
	if err != nil {
		return err
	}
	repair := fmt.Sprintf("in a checkout of %s run `%s`", entry.Dir.Path, terraform.PushCommand(string(product), entry.Config.CLIWorkspace, "FILE"))
	switch {
	case terraform.IsTruncated(file):
		repair = "the state file is truncated and cannot be pushed: look for the resources which that apply created"
	case strings.HasPrefix(string(c.inventory.StateIdentity(entry)), workspace.LocalIdentityPrefix):
		repair = fmt.Sprintf("run `cp %s %s`", shell.Quote(file), shell.Quote(c.config.LocalStatePath(entry.Dir.Name)))
	}
	hold := state.Hold{
		Name: entry.Dir.Name, Kind: state.Recovery, PlacedBy: "run " + string(c.run.Options.Run), PlacedAt: c.config.Now(),
		Reason: "Terraform applied changes and could not write its state: it is saved in " + kept,
		Help:   fmt.Sprintf("%s, then `reconcile resume %s`", repair, shell.Quote(entry.Dir.Name)),
	}
	if err := run.RetryWrite(ctx, func() error { return c.config.Record.PlaceHold(ctx, hold) }); err != nil {
		return fmt.Errorf("%s; and the hold could not be placed: %w", inventory.DescribeHold(hold), err)
	}
	return &run.BlockedError{Reason: inventory.DescribeHold(hold), HasHold: true}
}
