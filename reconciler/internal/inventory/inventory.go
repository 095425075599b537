// Package inventory joins the workspaces at one commit with the record: which there are,
// which are gone or renamed, which are stale and why, and what each depends on. It
// writes nothing, and does not know how a workspace is planned or applied.
package inventory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// Inventory joins the workspaces at one commit with their records. Its maps are by the
// name of a workspace.
type Inventory struct {
	Config   *run.Config
	Head     state.Head // of the record; zero without a record
	Commit   *source.Commit
	Settings *settings.Settings
	Product  repotree.Product
	Entries  map[string]*Entry
	Graph    *workspace.Graph           // set by BuildGraph
	Records  map[string]state.Workspace // all records, as first read
	Removed  []state.Workspace          // recorded, but not at the commit any more; by name
	Holds    map[string]state.Hold
	// NoTip is why these are not the workspaces at the tip, but those at the commit of a rollout:
	// what the tip says is not known. "": they are.
	NoTip string

	Loader *workspace.Loader // parses the workspaces; the commit's tree must be open

	modules map[string]string // warnings, by name; see dropModules
	// leftStates are the states that workspaces have left, with the names of those; see
	// FormerUpstreams.
	leftStates map[stateid.ID][]string
	applying   map[string]runid.ID // runs that are applying a workspace now; set by NewAtTip
}

// Entry is one workspace of an inventory.
type Entry struct {
	Dir        settings.Dir
	Config     settings.Config
	Loaded     *workspace.Workspace // parsed; nil while the trace suffices
	Record     state.Workspace
	Recorded   bool             // there is a record, and it is not a tombstone
	Hold       *state.Hold      // nil: none
	Approvals  []state.Approval // that no apply has used
	OwnReasons []string         // why it is stale, without upstreams
	// RenameErr is why the record is still under the old name: then nothing may run
	// under the new one.
	RenameErr error
	// Stateless: in a preview, the workspace is new and is planned with an empty state.
	Stateless bool
	Result    *run.WorkspaceResult // of this run; nil while it has none

	env string // hash of the declared variables' values
	// refused: it is part of a dependency cycle, or its state also belongs to another
	// workspace.
	refused bool
}

// Discover reads the workspaces at a commit and their records, and finds those with
// stale inputs of their own. Only those are parsed.
func Discover(ctx context.Context, c *run.Config, head state.Head, commit *source.Commit, settings *settings.Settings) (*Inventory, error) {
	product, err := c.Product(ctx)
	if err != nil {
		return nil, err
	}
	var records map[string]state.Workspace
	var reading errgroup.Group
	reading.Go(func() (err error) {
		records, err = c.Record.Workspaces(ctx)
		return err
	})
	applied := sync.OnceValue(func() appliedDirs {
		_ = reading.Wait() // the error is returned below
		return findAppliedDirs(product, head.Epoch, records)
	})
	dirs, treeErr := settings.DiscoverKnown(commit.Tree, product, func(id string) bool { return applied().roots[id] })
	if err := reading.Wait(); err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	if treeErr != nil {
		return nil, &TreeError{Commit: commit, Err: treeErr}
	}
	holds, err := c.Record.Holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	approvals, err := c.ReadApprovals(ctx)
	if err != nil {
		return nil, err
	}
	for _, dir := range settings.OpenTofuDirs() {
		if rec, known := records[dir.Name]; known && !rec.Removed {
			dirs = append(dirs, dir) // loading it returns the error that explains why
		}
	}
	w := &Inventory{
		Config: c, Head: head, Commit: commit, Settings: settings, Product: product,
		Loader: newLoader(c, commit, product), Entries: make(map[string]*Entry, len(dirs)), modules: map[string]string{}, Records: records, Holds: holds,
	}
	w.Loader.SkipPointers(func(dir string) bool { return applied().inputs[commit.Tree.ID(dir)] })
	entries := make([]Entry, len(dirs))
	for i, dir := range dirs {
		entry := &entries[i]
		entry.Dir, entry.Config = dir, settings.Config(dir.Name)
		if entry.env, err = c.HashEnv(ctx, entry.Config.Env); err != nil {
			return nil, err
		}
		w.Entries[dir.Name] = entry
	}
	now := c.Now()
	for i := range entries {
		entry := &entries[i]
		name := entry.Dir.Name
		entry.Record, entry.Recorded = records[name]
		entry.Recorded = entry.Recorded && !entry.Record.Removed
		if hold, ok := holds[name]; ok {
			entry.Hold = &hold
		}
		entry.Approvals = approvals[name]
		entry.OwnReasons = w.OwnReasons(entry, entry.Record)
		if len(entry.OwnReasons) == 0 {
			entry.OwnReasons = ApprovedReasons(entry.Record, entry.Approvals, now)
		}
	}
	for name, rec := range records {
		if !rec.Removed && w.Entries[name] == nil {
			w.Removed = append(w.Removed, rec)
		}
	}
	slices.SortFunc(w.Removed, func(a, b state.Workspace) int { return strings.Compare(a.Name, b.Name) })
	if err := w.LoadOnly(ctx, func(entry *Entry) bool { return len(entry.OwnReasons) > 0 }); err != nil {
		return nil, err
	}
	w.dropModules()
	w.BuildGraph()
	return w, nil
}

// NewAtTip builds the inventory of the tip without adopting the tip. The caller closes the commit.
func NewAtTip(ctx context.Context, c *run.Config) (_ *Inventory, err error) {
	head, err := c.ReadHead(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := c.Source.Tip(ctx, head.Protocol)
	if err != nil {
		return nil, fmt.Errorf("read the tip of %s: %w", c.Branch, err)
	}
	commit, err := c.Fetch(ctx, tip)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.CloseCommit(commit)
		}
	}()
	settings, err := c.LoadSettings(commit)
	if err != nil {
		return nil, err
	}
	w, err := Discover(ctx, c, head, commit, settings)
	if err != nil {
		return nil, err
	}
	return w, w.noteApplying(ctx)
}

// NewWithoutRecord builds the inventory of a commit without a record. It parses nothing.
func NewWithoutRecord(ctx context.Context, c *run.Config, commit *source.Commit) (*Inventory, error) {
	return NewWithSharedDirs(ctx, c, commit, &Inventory{Commit: commit})
}

// NewWithSharedDirs does what NewWithoutRecord does. Directories that are as another inventory has them
// are not read.
func NewWithSharedDirs(ctx context.Context, c *run.Config, commit *source.Commit, other *Inventory) (*Inventory, error) {
	settings, err := c.LoadSettings(commit)
	if err != nil {
		return nil, err
	}
	product, err := c.Product(ctx)
	if err != nil {
		return nil, err
	}
	roots := make(map[string]bool, len(other.Entries)) // by id
	for _, entry := range other.Entries {
		roots[other.Commit.Tree.ID(entry.Dir.Path)] = true
	}
	dirs, err := settings.DiscoverKnown(commit.Tree, product, func(id string) bool { return roots[id] })
	if err != nil {
		return nil, fmt.Errorf("workspaces at %s: %w", commit, err)
	}
	w := &Inventory{
		Config: c, Commit: commit, Settings: settings, Product: product,
		Loader: newLoader(c, commit, product), Entries: make(map[string]*Entry, len(dirs)), modules: map[string]string{},
	}
	for _, dir := range dirs {
		w.Entries[dir.Name] = &Entry{Dir: dir, Config: settings.Config(dir.Name)}
	}
	return w, nil
}

func newLoader(c *run.Config, commit *source.Commit, product repotree.Product) *workspace.Loader {
	loader := workspace.NewLoader(commit.Tree, product)
	loader.LookupEnv = c.LookupEnv
	return loader
}

// StateIdentity returns the identity of an entry's state; "" if it is unknown.
func (w *Inventory) StateIdentity(entry *Entry) stateid.ID {
	if entry.Loaded != nil && entry.Loaded.Err == nil {
		return entry.Loaded.Identity
	}
	return entry.Record.Identity
}

// CheckLocking refuses a loaded workspace whose state is not locked, unless its settings allow it.
func (e *Entry) CheckLocking() error {
	if e.Config.AllowUnlocked {
		return nil
	}
	return e.Loaded.Backend.Unlocked
}

// DidWork reports whether the result of any workspace is not Unchanged.
func (w *Inventory) DidWork() bool {
	for _, entry := range w.Entries {
		if entry.Result != nil && entry.Result.Outcome != state.Unchanged {
			return true
		}
	}
	return false
}

// CheckNotEmpty returns an error if there are no workspaces. Most likely the settings
// do not match their directories, and that must not look like success.
func (w *Inventory) CheckNotEmpty() error {
	if len(w.Entries) > 0 {
		return nil
	}
	return &TreeError{Commit: w.Commit, Err: w.Loader.NoWorkspacesError(w.Settings)}
}

// CheckNames returns an error for a name that no workspace has.
func (w *Inventory) CheckNames(names []string) error {
	for _, name := range names {
		if w.Entries[name] == nil {
			return &run.UnknownWorkspaceError{Name: name, Known: slices.Sorted(maps.Keys(w.Entries))}
		}
	}
	return nil
}

// DescribeHold returns the text of a hold for people.
func DescribeHold(h state.Hold) string {
	text := fmt.Sprintf("%s by %s since %s: %s", h.Kind, h.PlacedBy, h.PlacedAt.UTC().Format("2006-01-02 15:04Z"), h.Reason)
	if h.Help != "" {
		text += "; " + h.Help
	}
	return text
}

// TreeError is an error of a commit's workspaces as a whole, not of one of them.
type TreeError struct {
	Commit *source.Commit
	Err    error
}

func (e *TreeError) Error() string {
	return fmt.Sprintf("workspaces at %s: %s", e.Commit, e.Err)
}

func (e *TreeError) Unwrap() error { return e.Err }
