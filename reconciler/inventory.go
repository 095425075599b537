package reconciler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// inventory is the workspaces at one tip, beside what the record knows of them.
type inventory struct {
	reconciler *Reconciler
	config     *Config
	head       state.Head
	commit     *source.Commit
	settings   *workspace.Settings
	product    workspace.Product
	loader     *workspace.Loader
	entries    map[string]*workspaceEntry
	graph      *workspace.Graph
	records    map[string]state.Workspace // all that is recorded, as it was at first
	removed    []state.Workspace          // recorded, and no longer at the tip
	holds      map[string]state.Hold
}

// workspaceEntry is one workspace of a work.
type workspaceEntry struct {
	dir        workspace.Dir
	config     workspace.Config
	env        string               // id of the declared variables' values
	loaded     *workspace.Workspace // parsed; nil while the trace answers for it
	record     state.Workspace
	recorded   bool // there is a record, and it is no tombstone
	hold       *state.Hold
	ownReasons []string // why it is stale, upstreams aside
	// refused: it is one of a circle, or its state is another's too.
	refused bool
	// linkMu guards the link to its local state, at which its readers look:
	// init takes it away for a moment.
	linkMu sync.RWMutex
	// renameErr is why what is recorded of it is still under its old name: then
	// nothing must be done under the new one.
	renameErr error
	// stateless: in a preview, the workspace is new, and is planned on an empty
	// state.
	stateless bool
	result    *WorkspaceResult
}

// discover reads what is at a commit and what the record knows, and decides
// which workspaces are stale by inputs of their own. Only those are parsed.
func (r *Reconciler) discover(ctx context.Context, head state.Head, commit *source.Commit, settings *workspace.Settings) (*inventory, error) {
	product, err := r.config.Product(ctx)
	if err != nil {
		return nil, err
	}
	recorded := async(func() (map[string]state.Workspace, error) { return r.config.Record.Workspaces(ctx) })
	dirs, err := workspace.Discover(commit.Tree, settings, product)
	records, recordErr := recorded() // before anything else, so that it reads no longer
	if err != nil {
		return nil, &TreeError{Commit: commit.ID, Err: err}
	}
	if recordErr != nil {
		return nil, fmt.Errorf("read the record %s: %w", r.config.RecordName, recordErr)
	}
	holds, err := r.config.Record.Holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", r.config.RecordName, err)
	}
	for _, dir := range settings.OpenTofuDirs() {
		if rec, known := records[dir.Name]; known && !rec.Removed {
			dirs = append(dirs, dir) // loading it says why nothing is done
		}
	}
	w := &inventory{
		reconciler: r, config: &r.config, head: head, commit: commit, settings: settings, product: product,
		loader: workspace.NewLoader(commit.Tree, product), entries: map[string]*workspaceEntry{}, records: maps.Clone(records), holds: holds,
	}
	for _, dir := range dirs {
		entry := &workspaceEntry{dir: dir, config: settings.Config(dir.Name)}
		if entry.env, err = r.hashEnv(ctx, entry.config.Env); err != nil {
			return nil, err
		}
		entry.record, entry.recorded = records[dir.Name]
		entry.recorded = entry.recorded && !entry.record.Removed
		if hold, ok := holds[dir.Name]; ok {
			entry.hold = &hold
		}
		entry.ownReasons = w.ownReasons(entry, entry.record)
		w.entries[dir.Name] = entry
		delete(records, dir.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if rec := records[name]; !rec.Removed {
			w.removed = append(w.removed, rec)
		}
	}
	if err := w.loadOnly(ctx, func(entry *workspaceEntry) bool { return len(entry.ownReasons) > 0 }); err != nil {
		return nil, err
	}
	w.buildGraph()
	return w, nil
}

// load returns an item's parsed configuration.
func (w *inventory) load(entry *workspaceEntry) *workspace.Workspace {
	if entry.loaded == nil {
		entry.loaded = w.loader.Load(entry.dir, entry.config)
	}
	return entry.loaded
}

// buildGraph builds the graph, from what was just parsed and from what the record
// says of the rest. What it has against a workspace is as if its files had it.
func (w *inventory) buildGraph() {
	w.graph = workspace.NewGraph(w.graphNodes())
	for name, entry := range w.entries {
		if err := w.graph.Err(name); err != nil {
			entry.refused = true
			ws := w.load(entry)
			ws.Err = errors.Join(ws.Err, err)
			entry.ownReasons = w.ownReasons(entry, entry.record)
		}
		if entry.loaded != nil {
			entry.loaded.Warnings = append(entry.loaded.Warnings, w.graph.Warnings(name)...)
		}
	}
}

// graphNodes are the workspaces for the graph. One that is refused keeps the place
// in the order that the record knows, so that its readers wait for it.
func (w *inventory) graphNodes() []workspace.Node {
	var nodes []workspace.Node
	for _, name := range slices.Sorted(maps.Keys(w.entries)) {
		entry := w.entries[name]
		node := workspace.Node{Name: name, DependsOn: entry.config.DependsOn}
		switch ws := entry.loaded; {
		case ws == nil:
			node.Identity, node.Reads = entry.record.Identity, entry.record.Reads
		case ws.Err == nil:
			node.Identity, node.Reads = ws.Identity, ws.Reads
		case entry.record.Identity == "": // nothing is recorded: what was found out all the same
			node.Identity, node.Reads, node.LastKnown = ws.Identity, ws.Reads, true
		default:
			node.Identity, node.Reads, node.LastKnown = entry.record.Identity, entry.record.Reads, true
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// stateIdentity is where an item's state lives, as far as that is known.
func (w *inventory) stateIdentity(entry *workspaceEntry) string {
	if entry.loaded != nil && entry.loaded.Err == nil {
		return entry.loaded.Identity
	}
	return entry.record.Identity
}

// Keys of a trace that are no paths.
const (
	keyEnv      = "//env"
	keyUpstream = "//upstream/"
	keyProduct  = "//product" // only where it is not Terraform
)

// ownReasons says in which inputs of its own an item differs from a record's
// trace, or why that trace counts for nothing. Few look-ups, no parsing.
func (w *inventory) ownReasons(entry *workspaceEntry, rec state.Workspace) []string {
	if rec.Trace == nil && rec.Attempt == nil || rec.Removed {
		return []string{gitpath.Quote(entry.dir.Path)}
	}
	var reasons []string
	if rec.Attempt != nil {
		reasons = append(reasons, fmt.Sprintf("interrupted apply of %s", abbreviate(rec.Attempt.Commit)))
	}
	if rec.Trace == nil {
		return reasons
	}
	if entry.refused {
		reasons = append(reasons, "dependencies")
	}
	if rec.Epoch != w.head.Epoch {
		reasons = append(reasons, "distrusted record")
	}
	if _, ok := rec.Trace[gitpath.Quote(entry.dir.Path)]; !ok { // it was renamed, and not applied since
		reasons = append(reasons, gitpath.Quote(entry.dir.Path))
	}
	reasons = append(reasons, workspace.StalePaths(w.commit.Tree, rec.Trace)...)
	reasons = append(reasons, entry.config.StaleInputs(rec.Trace)...)
	if rec.Trace[keyEnv] != entry.env {
		reasons = append(reasons, "environment")
	}
	if rec.Trace[keyProduct] != w.productID() {
		reasons = append(reasons, "Terraform or OpenTofu")
	}
	return reasons
}

// productID is what stands in a trace for the product: each reads files that
// the other does not.
func (w *inventory) productID() string {
	if w.product == workspace.Terraform {
		return ""
	}
	return string(w.product)
}

// upstreamReasons says which upstreams' outputs differ from those in a trace.
func (w *inventory) upstreamReasons(name string, trace state.Trace, digests map[string]string) []string {
	var reasons []string
	upstreams := w.graph.DependsOn(name)
	for _, up := range upstreams {
		if trace[keyUpstream+up] != digests[up] {
			reasons = append(reasons, "upstream "+up)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(trace)) {
		up, ok := strings.CutPrefix(key, keyUpstream)
		if ok && !slices.Contains(upstreams, up) && w.missedOutputs(up, trace[key]) {
			reasons = append(reasons, "former upstream "+up)
		}
	}
	return reasons
}

// missedOutputs reports whether an upstream that the graph has no more had other
// outputs in the end, or may have had, than a trace that names it. Only what
// is recorded of it can tell.
func (w *inventory) missedOutputs(upstream, outputs string) bool {
	rec, known := w.records[upstream]
	return known && (rec.Attempt != nil || outputsID(rec) != outputs)
}

// upstreamDigests are the outputs digests of an item's upstreams, by what this pass
// knows of them.
func (w *inventory) upstreamDigests(name string) map[string]string {
	return w.upstreamsOf(name).digests()
}

// outputsID is what stands in a reader's trace for an upstream's outputs.
func outputsID(upstream state.Workspace) string {
	if upstream.OutputsDigest == "" {
		return "none"
	}
	return upstream.OutputsDigest
}

// staleReasons says why an item is stale; nothing when it is not.
func (w *inventory) staleReasons(entry *workspaceEntry) []string {
	reasons := entry.ownReasons
	if entry.recorded && entry.record.Trace != nil {
		reasons = slices.Concat(reasons, w.upstreamReasons(entry.dir.Name, entry.record.Trace, w.upstreamDigests(entry.dir.Name)))
	}
	return reasons
}

// trace is an item's inputs at the tip, with its upstreams' outputs as given.
func (w *inventory) trace(entry *workspaceEntry, digests map[string]string) state.Trace {
	trace := state.Trace(w.load(entry).Trace(w.commit.Tree))
	if entry.env != "" {
		trace[keyEnv] = entry.env
	}
	if id := w.productID(); id != "" {
		trace[keyProduct] = id
	}
	for up, digest := range digests {
		trace[keyUpstream+up] = digest
	}
	return trace
}

// didWork tells whether any workspace was more than looked at.
func (w *inventory) didWork() bool {
	for _, entry := range w.entries {
		if entry.result != nil && entry.result.Outcome != state.Unchanged {
			return true
		}
	}
	return false
}

// checkNotEmpty returns an error where there is no workspace at all: most likely the
// settings do not say where they are, and that must not look like success.
func (w *inventory) checkNotEmpty() error {
	if len(w.entries) > 0 {
		return nil
	}
	return &TreeError{Commit: w.commit.ID, Err: w.loader.NoWorkspacesError(w.settings)}
}

// checkNames refuses names that no workspace has.
func (w *inventory) checkNames(names []string) error {
	for _, name := range names {
		if w.entries[name] == nil {
			return &UnknownWorkspaceError{Name: name, Known: slices.Sorted(maps.Keys(w.entries))}
		}
	}
	return nil
}

// UnknownWorkspaceError is a name that a person gave and that no workspace at
// the tip has.
type UnknownWorkspaceError struct {
	Name  string
	Known []string
}

func (e *UnknownWorkspaceError) Error() string {
	return fmt.Sprintf("no workspace %q at the tip; there are: %s", e.Name, strings.Join(e.Known, ", "))
}

// TreeError is something wrong with what a commit holds: with its workspaces
// as a whole, not with one of them.
type TreeError struct {
	Commit string
	Err    error
}

func (e *TreeError) Error() string {
	return fmt.Sprintf("workspaces at %s: %s", abbreviate(e.Commit), e.Err)
}

func (e *TreeError) Unwrap() error { return e.Err }
