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

// work is the workspaces at one tip, beside what the record knows of them.
type work struct {
	*Reconciler
	head     state.Head
	commit   *source.Commit
	settings *workspace.Settings
	product  workspace.Product
	loader   *workspace.Loader
	items    map[string]*item
	graph    *workspace.Graph
	records  map[string]state.Workspace // all that is recorded, as it was at first
	gone     []state.Workspace          // recorded, and no longer at the tip
	holds    map[string]state.Hold
}

// item is one workspace of a work.
type item struct {
	workspace.Dir
	config workspace.Config
	env    string               // id of the declared variables' values
	loaded *workspace.Workspace // parsed; nil while the trace answers for it
	record state.Workspace
	known  bool // there is a record, and it is no tombstone
	hold   *state.Hold
	own    []string // why it is stale, upstreams aside
	// refused: it is one of a circle, or its state is another's too.
	refused bool
	// link guards the link to its local state, at which its readers look:
	// init takes it away for a moment.
	link sync.RWMutex
	// unmoved is why what is recorded of it is still under its old name: then
	// nothing must be done under the new one.
	unmoved error
	// stateless: in a preview, the workspace is new, and is planned on an empty
	// state.
	stateless bool
	result    *WorkspaceResult
}

// survey reads what is at a commit and what the record knows, and decides
// which workspaces are stale by inputs of their own. Only those are parsed.
func (r *Reconciler) survey(ctx context.Context, head state.Head, commit *source.Commit, settings *workspace.Settings) (*work, error) {
	product, err := r.Product(ctx)
	if err != nil {
		return nil, err
	}
	recorded := beside(func() (map[string]state.Workspace, error) { return r.Record.Workspaces(ctx) })
	dirs, err := workspace.Discover(commit.Tree, settings, product)
	records, recordErr := recorded() // before anything else, so that it reads no longer
	if err != nil {
		return nil, &TreeError{Commit: commit.ID, Err: err}
	}
	if recordErr != nil {
		return nil, fmt.Errorf("read the record %s: %w", r.Name, recordErr)
	}
	holds, err := r.Record.Holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", r.Name, err)
	}
	for _, dir := range settings.Unread() {
		if rec, known := records[dir.Name]; known && !rec.Removed {
			dirs = append(dirs, dir) // loading it says why nothing is done
		}
	}
	w := &work{
		Reconciler: r, head: head, commit: commit, settings: settings, product: product,
		loader: workspace.NewLoader(commit.Tree, product), items: map[string]*item{}, records: maps.Clone(records), holds: holds,
	}
	for _, dir := range dirs {
		it := &item{Dir: dir, config: settings.Config(dir.Name)}
		if it.env, err = r.hashEnv(ctx, it.config.Env); err != nil {
			return nil, err
		}
		it.record, it.known = records[dir.Name]
		it.known = it.known && !it.record.Removed
		if hold, ok := holds[dir.Name]; ok {
			it.hold = &hold
		}
		it.own = w.ownReasons(it, it.record)
		w.items[dir.Name] = it
		delete(records, dir.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if rec := records[name]; !rec.Removed {
			w.gone = append(w.gone, rec)
		}
	}
	if err := w.loadOnly(ctx, func(it *item) bool { return len(it.own) > 0 }); err != nil {
		return nil, err
	}
	w.link()
	return w, nil
}

// load returns an item's parsed configuration.
func (w *work) load(it *item) *workspace.Workspace {
	if it.loaded == nil {
		it.loaded = w.loader.Load(it.Dir, it.config)
	}
	return it.loaded
}

// link builds the graph, from what was just parsed and from what the record
// says of the rest. What it has against a workspace is as if its files had it.
func (w *work) link() {
	w.graph = workspace.Link(w.nodes())
	for name, it := range w.items {
		if err := w.graph.Err(name); err != nil {
			it.refused = true
			ws := w.load(it)
			ws.Err = errors.Join(ws.Err, err)
			it.own = w.ownReasons(it, it.record)
		}
		if it.loaded != nil {
			it.loaded.Warnings = append(it.loaded.Warnings, w.graph.Warnings(name)...)
		}
	}
}

// nodes are the workspaces for the graph. One that is refused keeps the place
// in the order that the record knows, so that its readers wait for it.
func (w *work) nodes() []workspace.Node {
	var nodes []workspace.Node
	for _, name := range slices.Sorted(maps.Keys(w.items)) {
		it := w.items[name]
		node := workspace.Node{Name: name, DependsOn: it.config.DependsOn}
		switch ws := it.loaded; {
		case ws == nil:
			node.Identity, node.Reads = it.record.Identity, it.record.Reads
		case ws.Err == nil:
			node.Identity, node.Reads = ws.Identity, ws.Reads
		case it.record.Identity == "": // nothing is recorded: what was found out all the same
			node.Identity, node.Reads, node.Recalled = ws.Identity, ws.Reads, true
		default:
			node.Identity, node.Reads, node.Recalled = it.record.Identity, it.record.Reads, true
		}
		nodes = append(nodes, node)
	}
	return nodes
}

// identity is where an item's state lives, as far as that is known.
func (w *work) identity(it *item) string {
	if it.loaded != nil && it.loaded.Err == nil {
		return it.loaded.Identity
	}
	return it.record.Identity
}

// Keys of a trace that are no paths.
const (
	keyEnv      = "//env"
	keyUpstream = "//upstream/"
	keyProduct  = "//product" // only where it is not Terraform
)

// ownReasons says in which inputs of its own an item differs from a record's
// trace, or why that trace counts for nothing. Few look-ups, no parsing.
func (w *work) ownReasons(it *item, rec state.Workspace) []string {
	if rec.Trace == nil && rec.Attempt == nil || rec.Removed {
		return []string{gitpath.Quote(it.Path)}
	}
	var reasons []string
	if rec.Attempt != nil {
		reasons = append(reasons, fmt.Sprintf("interrupted apply of %s", short(rec.Attempt.Commit)))
	}
	if rec.Trace == nil {
		return reasons
	}
	if it.refused {
		reasons = append(reasons, "dependencies")
	}
	if rec.Epoch != w.head.Epoch {
		reasons = append(reasons, "distrusted record")
	}
	if _, ok := rec.Trace[gitpath.Quote(it.Path)]; !ok { // it was renamed, and not applied since
		reasons = append(reasons, gitpath.Quote(it.Path))
	}
	reasons = append(reasons, workspace.Stale(w.commit.Tree, rec.Trace)...)
	reasons = append(reasons, it.config.Stale(rec.Trace)...)
	if rec.Trace[keyEnv] != it.env {
		reasons = append(reasons, "environment")
	}
	if rec.Trace[keyProduct] != w.productID() {
		reasons = append(reasons, "Terraform or OpenTofu")
	}
	return reasons
}

// productID is what stands in a trace for the product: each reads files that
// the other does not.
func (w *work) productID() string {
	if w.product == workspace.Terraform {
		return ""
	}
	return string(w.product)
}

// upstreamReasons says which upstreams' outputs differ from those in a trace.
func (w *work) upstreamReasons(name string, trace state.Trace, digests map[string]string) []string {
	var reasons []string
	upstreams := w.graph.DependsOn(name)
	for _, up := range upstreams {
		if trace[keyUpstream+up] != digests[up] {
			reasons = append(reasons, "upstream "+up)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(trace)) {
		up, ok := strings.CutPrefix(key, keyUpstream)
		if ok && !slices.Contains(upstreams, up) && w.missed(up, trace[key]) {
			reasons = append(reasons, "former upstream "+up)
		}
	}
	return reasons
}

// missed reports whether an upstream that the graph has no more had other
// outputs in the end, or may have had, than a trace that names it. Only what
// is recorded of it can tell.
func (w *work) missed(upstream, outputs string) bool {
	rec, known := w.records[upstream]
	return known && (rec.Attempt != nil || outputsID(rec) != outputs)
}

// digests are the outputs digests of an item's upstreams, by what this pass
// knows of them.
func (w *work) digests(name string) map[string]string {
	return w.upstreamsOf(name).digests()
}

// outputsID is what stands in a reader's trace for an upstream's outputs.
func outputsID(upstream state.Workspace) string {
	if upstream.OutputsDigest == "" {
		return "none"
	}
	return upstream.OutputsDigest
}

// reasons says why an item is stale; nothing when it is not.
func (w *work) reasons(it *item) []string {
	reasons := it.own
	if it.known && it.record.Trace != nil {
		reasons = slices.Concat(reasons, w.upstreamReasons(it.Name, it.record.Trace, w.digests(it.Name)))
	}
	return reasons
}

// trace is an item's inputs at the tip, with its upstreams' outputs as given.
func (w *work) trace(it *item, digests map[string]string) state.Trace {
	trace := state.Trace(w.load(it).Trace(w.commit.Tree))
	if it.env != "" {
		trace[keyEnv] = it.env
	}
	if id := w.productID(); id != "" {
		trace[keyProduct] = id
	}
	for up, digest := range digests {
		trace[keyUpstream+up] = digest
	}
	return trace
}

// worked tells whether any workspace was more than looked at.
func (w *work) worked() bool {
	for _, it := range w.items {
		if it.result != nil && it.result.Outcome != state.Unchanged {
			return true
		}
	}
	return false
}

// found returns an error where there is no workspace at all: most likely the
// settings do not say where they are, and that must not look like success.
func (w *work) found() error {
	if len(w.items) > 0 {
		return nil
	}
	return &TreeError{Commit: w.commit.ID, Err: w.loader.NoWorkspaces(w.settings)}
}

// known refuses names that no workspace has.
func (w *work) known(names []string) error {
	for _, name := range names {
		if w.items[name] == nil {
			return &UnknownWorkspaceError{Name: name, Known: slices.Sorted(maps.Keys(w.items))}
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
	return fmt.Sprintf("workspaces at %s: %s", short(e.Commit), e.Err)
}

func (e *TreeError) Unwrap() error { return e.Err }
