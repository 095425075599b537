package checkout

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// NewSpec returns Terraform's settings for one workspace.
func (c *Checkout) NewSpec(ctx context.Context, root string, entry *inventory.Entry) (terraform.Spec, error) {
	ws := c.inventory.Load(entry)
	if ws.Err != nil {
		return terraform.Spec{}, ws.Err
	}
	if err := entry.CheckLocking(); err != nil {
		return terraform.Spec{}, err
	}
	spec := terraform.Spec{
		Name: entry.Dir.Name, RunID: c.run.Options.Run, Root: root, Dir: filepath.Join(root, filepath.FromSlash(entry.Dir.Path)),
		CLIWorkspace: entry.Config.CLIWorkspaceName(), PlanRole: entry.Config.PlanRole, ApplyRole: entry.Config.ApplyRole,
		InitKey: ws.InitKey, NoProviders: !ws.NeedsProviders, HasLockFile: ws.LockFile != "", Vars: map[string]string{},
		DigestKey: c.config.DigestKey,
	}
	if p := entry.Config.Progressive; p != nil {
		spec.Variable = terraform.Variable{Name: p.Variable, Value: strconv.Itoa(settings.WholeRollout)}
	}
	spec.KeepOutputs = c.inventory.Settings.KeptOutputs(entry.Dir.Name)
	for _, file := range entry.Config.VarFiles {
		spec.VarFiles = append(spec.VarFiles, filepath.Join(root, filepath.FromSlash(file)))
	}
	if entry.Config.BackendConfig != "" {
		spec.BackendConfig = filepath.Join(root, filepath.FromSlash(entry.Config.BackendConfig))
	}
	for _, name := range entry.Config.Env {
		value, ok := c.config.LookupEnv(name)
		if !ok {
			return spec, fmt.Errorf("%s: %s is passed on to %s, but it is not set in the environment of reconcile", cmp.Or(entry.Config.Positions[name], settings.FileName), name, entry.Dir.Name)
		}
		spec.Vars[strings.TrimPrefix(name, "TF_VAR_")] = value
	}
	spec.CheckBackend = ws.Backend.Check
	if c.policy != nil {
		c.confine(&spec, ws)
	}
	if ws.Backend.Type != "local" {
		return spec, nil
	}
	spec.LocalState = c.config.LocalStatePath(entry.Dir.Name)
	return spec, c.checkLocalState(ctx, entry, ws, spec.LocalState)
}

// NewPlanSpec returns Terraform's settings for a plan that changes nothing, not even a lock.
func (c *Checkout) NewPlanSpec(ctx context.Context, root string, entry *inventory.Entry) (terraform.Spec, error) {
	spec, err := c.NewSpec(ctx, root, entry)
	if err != nil {
		return spec, err
	}
	spec.ReadOnly = true
	if c.policy == nil {
		return spec, nil
	}
	if entry.Stateless {
		c.useEmptyState(&spec)
	}
	return spec, c.writeUpstreamOutputs(root, entry)
}

// checkLocalState refuses a local state that would be lost, or that already exists at
// another path.
func (c *Checkout) checkLocalState(ctx context.Context, entry *inventory.Entry, ws *workspace.Workspace, state string) error {
	if !norm.NFC.IsNormalString(c.config.LocalState) {
		return fmt.Errorf("the states of this record are in %s, and Terraform would change that path (to Unicode NFC): use another directory with --state", c.config.LocalState)
	}
	if c.config.LocalState == "" {
		return fmt.Errorf("%s stores its Terraform state in a local file, which would be lost with this machine: configure a backend (s3)", entry.Dir.Name)
	}
	if id := c.inventory.Commit.Tree.ID(ws.Backend.Path); id != repotree.AbsentID {
		return fmt.Errorf("%s has its Terraform state committed at %s: remove it from Git (git rm --cached) after copying it to %s", entry.Dir.Name, ws.Backend.Path, state)
	}
	if HasContent(state) {
		return c.checkReusedName(entry, state)
	}
	for _, found := range c.listLegacyStates(ws) {
		if c.isKeptState(found) {
			return fmt.Errorf("the backend of %s names %s, which is the state of another workspace: take the path out of the backend, or give %[1]s a path of its own", entry.Dir.Name, found)
		}
		if HasContent(found) {
			return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("a Terraform state of %s exists at %s: copy it with `mkdir -p %s && cp %[2]s %[4]s`, then run the pass again", entry.Dir.Name, shell.Quote(found), shell.Quote(filepath.Dir(state)), shell.Quote(state))}
		}
	}
	if isNew := entry.Record.Trace == nil && entry.Record.Attempt == nil; isNew && !c.run.Options.Adopt {
		if err := c.checkLeftState(entry, state); err != nil {
			return err
		}
	}
	return c.checkDuplicateRecords(ctx, entry)
}

// isKeptState reports whether a path leads to a state that reconcile keeps, of any workspace
// and record.
func (c *Checkout) isKeptState(path string) bool {
	kept, keptErr := filepath.EvalSymlinks(filepath.Dir(c.config.LocalState))
	real, err := filepath.EvalSymlinks(path)
	if keptErr != nil || err != nil {
		return false // there is nothing at path
	}
	within, err := filepath.Rel(kept, real)
	return err == nil && filepath.IsLocal(within)
}

// checkLeftState blocks a new workspace if one with the same files was removed and left its local
// state: it may be the old one under another name.
func (c *Checkout) checkLeftState(entry *inventory.Entry, state string) error {
	left, ok := c.inventory.FindLeftState(entry)
	if !ok {
		return nil
	}
	found := c.config.LocalStatePath(left.Name)
	if !HasContent(found) {
		return nil
	}
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("%s was removed and had the same files, and its Terraform state is left at %s: if %s is its new name, move the state with `mkdir -p %s && mv %[2]s %[5]s`, then run the pass again; else create everything a second time with `reconcile now --adopt %[3]s`", left.Name, shell.Quote(found), shell.Quote(entry.Dir.Name), shell.Quote(filepath.Dir(state)), shell.Quote(state))}
}

// checkReusedName blocks a workspace with the name of one that was removed before, if another one with
// the same files was removed: it may be that one under another name, and the state of this name has
// other resources, which the plan would change or destroy.
func (c *Checkout) checkReusedName(entry *inventory.Entry, state string) error {
	if entry.Recorded || entry.Record.Name == "" || c.run.Options.Adopt {
		return nil
	}
	left, ok := c.inventory.FindLeftState(entry)
	found := c.config.LocalStatePath(left.Name)
	if !ok || c.inventory.HasFilesOf(entry, entry.Record) || !HasContent(found) {
		return nil
	}
	return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("%s was removed and had the same files, and its Terraform state is left at %s, but the one at %s is of a workspace that had the name %s before: if %[1]s is renamed, move that one elsewhere and its own with `mv %[2]s %[3]s`; then, or to continue with the state of this name, run `reconcile now --adopt %[4]s`", left.Name, shell.Quote(found), shell.Quote(state), shell.Quote(entry.Dir.Name))}
}

// listLegacyStates returns the paths where a local state may lie that was made without
// reconcile.
func (c *Checkout) listLegacyStates(ws *workspace.Workspace) (places []string) {
	at := filepath.FromSlash(ws.Backend.Path)
	if filepath.IsAbs(at) {
		return []string{at}
	}
	for _, tree := range c.config.WorkTrees {
		places = append(places, filepath.Join(tree, at))
	}
	return places
}

// checkDuplicateRecords blocks a workspace if another record has its local state: a
// record of the same branch under another address. Otherwise everything would be
// created a second time.
func (c *Checkout) checkDuplicateRecords(ctx context.Context, entry *inventory.Entry) error {
	if c.run.Options.Adopt || c.config.LocalStateOf == nil {
		return nil
	}
	duplicates, err := c.config.FindDuplicateRecords(ctx, c.inventory.Commit)
	if err != nil {
		return fmt.Errorf("search other records for a state of %s: %w", entry.Dir.Name, err)
	}
	for _, duplicate := range duplicates {
		its := filepath.Join(c.config.LocalStateOf(duplicate), filepath.FromSlash(entry.Dir.Name)+".tfstate")
		if HasContent(its) {
			return &run.BlockedError{Retry: true, Reason: fmt.Sprintf("the record %s of this branch under another address has a Terraform state of %s (%s): continue with that record (`reconcile distrust --moved --record %[1]s`, then --record %[1]s), or create everything a second time with `reconcile now --adopt %[2]s`", duplicate, shell.Quote(entry.Dir.Name), its)}
		}
	}
	return nil
}

// HasContent reports whether a state file is not empty. Terraform leaves an empty file
// when it locks a state that does not exist yet.
func HasContent(file string) bool {
	info, err := os.Stat(file)
	return err == nil && info.Size() > 0
}
