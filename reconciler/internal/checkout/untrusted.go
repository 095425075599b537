package checkout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/internal/files"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// NewUntrusted returns a checkout for unreviewed code in dir, which is deleted when
// it is closed. The policy of the tip decides what the code may do.
func NewUntrusted(r *run.Run, workspaces *inventory.Inventory, policy settings.Policy, dir string) *Checkout {
	c := NewReadOnly(r, workspaces)
	c.policy, c.dir = &policy, dir
	return c
}

// removeUntrusted deletes the checkout: unreviewed code may have written to it.
func (c *Checkout) removeUntrusted() {
	if c.policy == nil {
		return
	}
	if err := files.RemoveTree(filepath.Join(c.dir, run.CheckoutTree)); err != nil {
		c.run.Log.Warn("could not remove the checkout of a pull request", "error", err)
	}
}

// confine limits what a plan of unreviewed code may reach.
func (c *Checkout) confine(spec *terraform.Spec, ws *workspace.Workspace) {
	spec.Untrusted, spec.AllowedProviders, spec.Registries = true, c.policy.ProviderNames(), c.policy.Registries()
	spec.SandboxRoot = filepath.Join(c.config.PassDir(), run.CheckoutTree)
	spec.WritableDirs = c.listModuleDirs(ws)
	spec.Offline = ws.Backend.Type == "local"
	for _, read := range ws.Reads {
		spec.Offline = spec.Offline && strings.HasPrefix(string(read), workspace.LocalIdentityPrefix)
	}
}

// listModuleDirs returns the other directories that a workspace reads, except those
// that overlap with the directories of other workspaces.
func (c *Checkout) listModuleDirs(ws *workspace.Workspace) (dirs []string) {
	for _, input := range ws.Inputs {
		shared := slices.ContainsFunc(dirs, func(dir string) bool { return gitpath.IsWithin(input, dir) })
		for _, other := range c.inventory.Entries {
			shared = shared || gitpath.IsWithin(input, other.Dir.Path) || gitpath.IsWithin(other.Dir.Path, input)
		}
		if info, err := c.inventory.Commit.Tree.Lstat(input); err == nil && info.IsDir() && !shared {
			dirs = append(dirs, input)
		}
	}
	return dirs
}

// useEmptyState plans a workspace that is not at the tip with an empty state: its
// backend could name anyone's state.
func (c *Checkout) useEmptyState(spec *terraform.Spec) {
	spec.BackendConfig = ""
	spec.LocalState = filepath.Join(c.config.WorkDir, "copies", "none") // never exists
}

// writeUpstreamOutputs writes, where a workspace reads local states, copies that
// contain only their outputs.
func (c *Checkout) writeUpstreamOutputs(dir string, entry *inventory.Entry) error {
	defer c.LockUpstreamStates(entry)()
	c.mu.Lock()
	defer c.mu.Unlock()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	upstreams := c.inventory.Graph.DependsOn(entry.Dir.Name)
	for identity, up := range c.inventory.Graph.Owners() {
		place, local := strings.CutPrefix(string(identity), workspace.LocalIdentityPrefix)
		if !local || !slices.Contains(upstreams, up) || c.config.LocalState == "" || c.inventory.Commit.Tree.ID(place) != repotree.AbsentID {
			continue
		}
		content, err := files.ReadRegular(c.config.LocalStatePath(up), math.MaxInt64)
		if errors.Is(err, fs.ErrNotExist) {
			continue // never applied: Terraform says so
		}
		if err == nil {
			content, err = stripResources(content)
		}
		if err == nil {
			err = errors.Join(root.MkdirAll(path.Dir(place), 0o755), root.WriteFile(place, content, 0o600))
		}
		if err != nil {
			return fmt.Errorf("show %s the outputs of %s: %w", entry.Dir.Name, up, err)
		}
	}
	return nil
}

// stripResources removes the resources from a state. An encrypted state stays
// unchanged.
func stripResources(content []byte) ([]byte, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(content, &state); err != nil {
		return nil, err
	}
	for name := range state {
		switch name {
		case "resources", "check_results":
			state[name] = json.RawMessage("[]")
		}
	}
	return json.Marshal(state)
}
