package reconciler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// inventory joins the workspaces at one commit with their records.
type inventory struct {
	config   *run.Config
	head     state.Head
	commit   *source.Commit
	settings *settings.Settings
	product  repotree.Product
	loader   *workspace.Loader
	entries  map[string]*workspaceEntry
	graph    *workspace.Graph
	records  map[string]state.Workspace // all records, as first read
	removed  []state.Workspace          // recorded, but not at the tip any more
	holds    map[string]state.Hold
}

// workspaceEntry is one workspace of an inventory.
type workspaceEntry struct {
	dir        settings.Dir
	config     settings.Config
	env        string               // hash of the declared variables' values
	loaded     *workspace.Workspace // parsed; nil while the trace suffices
	record     state.Workspace
	recorded   bool // there is a record, and it is not a tombstone
	hold       *state.Hold
	ownReasons []string // why it is stale, without upstreams
	// refused: it is part of a dependency cycle, or its state also belongs to another
	// workspace.
	refused bool
	// linkMu guards the link to the local state, which readers follow: init removes it
	// for a moment.
	linkMu sync.RWMutex
	// renameErr is why the record is still under the old name: then nothing may run
	// under the new one.
	renameErr error
	// stateless: in a preview, the workspace is new and is planned with an empty state.
	stateless bool
	result    *run.WorkspaceResult
}

// discover reads the workspaces at a commit and their records, and finds those with
// stale inputs of their own. Only those are parsed.
func discover(ctx context.Context, c *run.Config, head state.Head, commit *source.Commit, settings *settings.Settings) (*inventory, error) {
	product, err := c.Product(ctx)
	if err != nil {
		return nil, err
	}
	recorded := run.Async(func() (map[string]state.Workspace, error) { return c.Record.Workspaces(ctx) })
	dirs, err := settings.Discover(commit.Tree, product)
	records, recordErr := recorded() // wait first: no return may leave the read running
	if err != nil {
		return nil, &TreeError{Commit: commit.ID, Err: err}
	}
	if recordErr != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, recordErr)
	}
	holds, err := c.Record.Holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	for _, dir := range settings.OpenTofuDirs() {
		if rec, known := records[dir.Name]; known && !rec.Removed {
			dirs = append(dirs, dir) // loading it returns the error that explains why
		}
	}
	w := &inventory{
		config: c, head: head, commit: commit, settings: settings, product: product,
		loader: workspace.NewLoader(commit.Tree, product), entries: map[string]*workspaceEntry{}, records: maps.Clone(records), holds: holds,
	}
	for _, dir := range dirs {
		entry := &workspaceEntry{dir: dir, config: settings.Config(dir.Name)}
		if entry.env, err = c.HashEnv(ctx, entry.config.Env); err != nil {
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

func (w *inventory) load(entry *workspaceEntry) *workspace.Workspace {
	if entry.loaded == nil {
		entry.loaded = w.loader.Load(entry.dir, entry.config)
	}
	return entry.loaded
}

// buildGraph builds the graph from the parsed workspaces and, for the others, from the
// record. An error of the graph is treated like an error in the workspace's files.
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

// graphNodes returns the nodes of the graph. A refused workspace has its recorded place
// in the order, so that its readers wait for it.
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
		case entry.record.Identity == "": // nothing is recorded: use what parsing found
			node.Identity, node.Reads, node.LastKnown = ws.Identity, ws.Reads, true
		default:
			node.Identity, node.Reads, node.LastKnown = entry.record.Identity, entry.record.Reads, true
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// stateIdentity returns the identity of an entry's state; "" if it is unknown.
func (w *inventory) stateIdentity(entry *workspaceEntry) string {
	if entry.loaded != nil && entry.loaded.Err == nil {
		return entry.loaded.Identity
	}
	return entry.record.Identity
}

// Keys of a trace that are not paths.
const (
	keyEnv      = "//env"
	keyUpstream = "//upstream/"
	keyProduct  = "//product" // only if it is not Terraform
)

// ownReasons returns which inputs of its own differ from the trace of rec, or why that
// trace is not valid. It does not parse the workspace.
func (w *inventory) ownReasons(entry *workspaceEntry, rec state.Workspace) []string {
	if rec.Trace == nil && rec.Attempt == nil || rec.Removed {
		return []string{gitpath.Quote(entry.dir.Path)}
	}
	var reasons []string
	if rec.Attempt != nil {
		reasons = append(reasons, fmt.Sprintf("interrupted apply of %s", commitid.Abbrev(rec.Attempt.Commit)))
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
	if _, ok := rec.Trace[gitpath.Quote(entry.dir.Path)]; !ok { // renamed, and not applied since
		reasons = append(reasons, gitpath.Quote(entry.dir.Path))
	}
	reasons = append(reasons, workspace.StalePaths(w.commit.Tree, rec.Trace)...)
	reasons = append(reasons, workspace.StaleInputs(entry.config, rec.Trace)...)
	if rec.Trace[keyEnv] != entry.env {
		reasons = append(reasons, "environment")
	}
	if rec.Trace[keyProduct] != w.productID() {
		reasons = append(reasons, "Terraform or OpenTofu")
	}
	return reasons
}

// productID returns the product's value in a trace: each product reads files that the
// other does not.
func (w *inventory) productID() string {
	if w.product == repotree.Terraform {
		return ""
	}
	return string(w.product)
}

// upstreamReasons returns the upstreams whose outputs differ from those in a trace.
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

// missedOutputs reports whether a former upstream may have had other outputs at its end
// than those in a reader's trace. Only its record can show that.
func (w *inventory) missedOutputs(upstream, outputs string) bool {
	rec, known := w.records[upstream]
	return known && (rec.Attempt != nil || outputsID(rec) != outputs)
}

func (w *inventory) upstreamDigests(name string) map[string]string {
	return w.upstreamsOf(name).digests()
}

// outputsID returns the value for an upstream's outputs in a reader's trace.
func outputsID(upstream state.Workspace) string {
	if upstream.OutputsDigest == "" {
		return "none"
	}
	return upstream.OutputsDigest
}

// staleReasons returns why an entry is stale; none if it is not.
func (w *inventory) staleReasons(entry *workspaceEntry) []string {
	reasons := entry.ownReasons
	if entry.recorded && entry.record.Trace != nil {
		reasons = slices.Concat(reasons, w.upstreamReasons(entry.dir.Name, entry.record.Trace, w.upstreamDigests(entry.dir.Name)))
	}
	return reasons
}

// trace returns an entry's inputs at the tip, with the given digests of upstream
// outputs.
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

// didWork reports whether the result of any workspace is not Unchanged.
func (w *inventory) didWork() bool {
	for _, entry := range w.entries {
		if entry.result != nil && entry.result.Outcome != state.Unchanged {
			return true
		}
	}
	return false
}

// checkNotEmpty returns an error if there are no workspaces. Most likely the settings
// do not match their directories, and that must not look like success.
func (w *inventory) checkNotEmpty() error {
	if len(w.entries) > 0 {
		return nil
	}
	return &TreeError{Commit: w.commit.ID, Err: w.loader.NoWorkspacesError(w.settings)}
}

// checkNames returns an error for a name that no workspace has.
func (w *inventory) checkNames(names []string) error {
	for _, name := range names {
		if w.entries[name] == nil {
			return &UnknownWorkspaceError{Name: name, Known: slices.Sorted(maps.Keys(w.entries))}
		}
	}
	return nil
}

// UnknownWorkspaceError is returned for a requested name that no workspace at the tip
// has.
type UnknownWorkspaceError struct {
	Name  string
	Known []string
}

func (e *UnknownWorkspaceError) Error() string {
	return fmt.Sprintf("no workspace %q at the tip; there are: %s", e.Name, strings.Join(e.Known, ", "))
}

// TreeError is an error of a commit's workspaces as a whole, not of one of them.
type TreeError struct {
	Commit string
	Err    error
}

func (e *TreeError) Error() string {
	return fmt.Sprintf("workspaces at %s: %s", commitid.Abbrev(e.Commit), e.Err)
}

func (e *TreeError) Unwrap() error { return e.Err }
