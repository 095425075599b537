package inventory

import (
	"context"
	"errors"
	"maps"
	"slices"

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
	return w.LoadOnly(ctx, func(*Entry) bool { return true })
}

// LoadOnly parses the chosen workspaces, several at once.
func (w *Inventory) LoadOnly(ctx context.Context, choose func(*Entry) bool) error {
	var dirs []settings.Dir
	var configs []settings.Config
	for _, name := range slices.Sorted(maps.Keys(w.Entries)) {
		if entry := w.Entries[name]; choose(entry) {
			dirs, configs = append(dirs, entry.Dir), append(configs, entry.Config)
		}
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
	w.Graph = workspace.NewGraph(w.graphNodes())
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
	var nodes []workspace.Node
	for _, name := range slices.Sorted(maps.Keys(w.Entries)) {
		entry := w.Entries[name]
		node := workspace.Node{Name: name, DependsOn: entry.Config.DependsOn}
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
