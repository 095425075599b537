package inventory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
)

// Load parses the workspace of an entry on the first call. Its error is in the workspace.
func (w *Inventory) Load(entry *Entry) *workspace.Workspace {
	if entry.Loaded == nil {
		entry.Loaded = w.Loader.Load(entry.Dir, entry.Config)
	}
	return entry.Loaded
}

// LoadAll parses all workspaces.
func (w *Inventory) LoadAll(ctx context.Context) error {
	if err := w.LoadOnly(ctx, func(*Entry) bool { return true }); err != nil {
		return err
	}
	w.dropModules()
	return nil
}

// dropModules removes the entries that others call as modules: such a directory is no
// workspace, unless it was applied as one, has a backend, or the settings name it.
func (w *Inventory) dropModules() {
	candidates := map[string]string{} // names by directory
	for name, entry := range w.Entries {
		if !entry.Recorded && entry.Loaded != nil && !entry.Loaded.HasBackend && !w.Settings.IsNamed(name) {
			candidates[entry.Dir.Path] = name
		}
	}
	if len(candidates) == 0 {
		return
	}
	for _, caller := range slices.Sorted(maps.Keys(w.Entries)) {
		for _, dir := range w.modulesOf(w.Entries[caller], candidates) {
			name, ok := candidates[dir]
			if !ok {
				continue
			}
			delete(candidates, dir)
			w.modules[name] = fmt.Sprintf("%s is a module of %s and not taken for a workspace: if it is one, add a block workspace %q to the settings", gitpath.Quote(dir), caller, name)
		}
	}
	for name := range w.modules {
		delete(w.Entries, name)
	}
}

// IsModule reports whether a directory that has the name of a workspace is none, because
// others call it as a module.
func (w *Inventory) IsModule(name string) bool { return w.modules[name] != "" }

// modulesOf returns the directories of the modules that a workspace calls. One that is in
// sync is parsed only if its inputs have one of the candidates' directories.
func (w *Inventory) modulesOf(entry *Entry, candidates map[string]string) []string {
	if entry.Loaded == nil && !slices.ContainsFunc(slices.Collect(maps.Keys(candidates)), func(dir string) bool {
		_, ok := entry.Record.Trace[gitpath.Quote(dir)]
		return ok
	}) {
		return nil
	}
	return w.Load(entry).Modules
}

// Warnings returns what people should know of the settings, and of directories that are no
// workspaces.
func (w *Inventory) Warnings() []string {
	warnings := w.Settings.Warnings()
	for _, name := range slices.Sorted(maps.Keys(w.modules)) {
		warnings = append(warnings, w.modules[name])
	}
	return warnings
}

// LoadOnly parses the chosen workspaces, several at once.
func (w *Inventory) LoadOnly(ctx context.Context, choose func(*Entry) bool) error {
	var chosen []*Entry
	for _, entry := range w.Entries {
		if choose(entry) {
			chosen = append(chosen, entry)
		}
	}
	slices.SortFunc(chosen, func(a, b *Entry) int { return strings.Compare(a.Dir.Name, b.Dir.Name) })
	var dirs []settings.Dir
	var configs []settings.Config
	for _, entry := range chosen {
		dirs, configs = append(dirs, entry.Dir), append(configs, entry.Config)
	}
	all, err := w.Loader.LoadAll(ctx, dirs, configs)
	if err != nil {
		return err
	}
	for _, loaded := range all {
		w.Entries[loaded.Name].Loaded = loaded
	}
	return nil
}

// BuildGraph builds the graph from the parsed workspaces and, for the others, from the
// record. An error of the graph is treated like an error in the workspace's files.
func (w *Inventory) BuildGraph() {
	w.Graph, w.leftStates = workspace.NewGraph(w.graphNodes()), w.findLeftStates()
	for name, entry := range w.Entries {
		if err := w.Graph.Err(name); err != nil {
			entry.refused = true
			ws := w.Load(entry)
			ws.Err = errors.Join(ws.Err, err)
			entry.OwnReasons = w.OwnReasons(entry, entry.Record)
		}
		if entry.Loaded != nil {
			entry.Loaded.Warnings = append(entry.Loaded.Warnings, w.Graph.Warnings(name)...)
		}
	}
}

// graphNodes returns the nodes of the graph. A refused workspace has its recorded place
// in the order, so that its readers wait for it.
func (w *Inventory) graphNodes() []workspace.Node {
	nodes := make([]workspace.Node, 0, len(w.Entries))
	for _, name := range slices.Sorted(maps.Keys(w.Entries)) {
		entry := w.Entries[name]
		node := workspace.Node{Name: name, DependsOn: entry.Config.DependsOn, Positions: entry.Config.Positions}
		switch ws := entry.Loaded; {
		case ws == nil:
			node.Identity, node.Reads = entry.Record.Identity, entry.Record.Reads
		case ws.Err == nil:
			node.Identity, node.Reads = ws.Identity, ws.Reads
		case entry.Record.Identity == "": // nothing is recorded: use what parsing found
			node.Identity, node.Reads, node.LastKnown = ws.Identity, ws.Reads, true
		default:
			node.Identity, node.Reads, node.LastKnown = entry.Record.Identity, entry.Record.Reads, true
		}
		nodes = append(nodes, node)
	}
	return nodes
}
