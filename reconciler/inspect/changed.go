package inspect

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
)

// Changed lists the stale workspaces, as `reconcile changed -o json` prints it.
// Workspaces holds those with changed inputs of their own, sorted by name. Maybe holds
// their direct and indirect readers: these become stale if outputs change.
type Changed struct {
	From       commitid.ID        `json:"from"`
	To         commitid.ID        `json:"to"`
	Workspaces []ChangedWorkspace `json:"workspaces"`
	Maybe      []string           `json:"maybe"`
	Warnings   []string           `json:"warnings,omitempty"`
}

// ChangedWorkspace is one stale workspace.
type ChangedWorkspace struct {
	Name    string   `json:"name"`
	Stale   []string `json:"stale"` // changed inputs
	New     bool     `json:"new"`
	Removed bool     `json:"removed"`
}

// IsStale reports whether a pass would have something to plan. A workspace that was removed
// is only closed in the record.
func (c *Changed) IsStale() bool {
	return slices.ContainsFunc(c.Workspaces, func(w ChangedWorkspace) bool { return !w.Removed })
}

// FindChanged compares the record with the tip or, if from and to are given, two commits
// without a record. It does not run Terraform and writes nothing.
func FindChanged(ctx context.Context, c run.Config, from, to string) (*Changed, error) {
	c.SetDefaults()
	if from == "" && to == "" {
		return changedSinceRecord(ctx, &c)
	}
	a, err := resolve(ctx, &c, from)
	if err != nil {
		return nil, err
	}
	defer c.CloseCommit(a)
	b, err := resolve(ctx, &c, to)
	if err != nil {
		return nil, err
	}
	defer c.CloseCommit(b)
	return changedBetween(ctx, &c, a, b)
}

func resolve(ctx context.Context, c *run.Config, rev string) (*source.Commit, error) {
	if rev == "" {
		return nil, fmt.Errorf("both --from and --to are needed to compare two commits")
	}
	id, err := c.Source.Resolve(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", rev, err)
	}
	commit, err := c.Source.Fetch(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", id.Abbrev(), err)
	}
	return commit, nil
}

func changedSinceRecord(ctx context.Context, config *run.Config) (*Changed, error) {
	workspaces, err := inventory.NewAtTip(ctx, config)
	if err != nil {
		return nil, err
	}
	defer config.CloseCommit(workspaces.Commit)
	if len(workspaces.Removed) == 0 {
		if err := workspaces.CheckNotEmpty(); err != nil {
			return nil, err
		}
	}
	c := &Changed{From: workspaces.Head.Commit, To: workspaces.Commit.ID, Warnings: workspaces.Warnings()}
	for _, name := range slices.Sorted(maps.Keys(workspaces.Entries)) {
		entry := workspaces.Entries[name]
		if len(entry.OwnReasons) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: entry.OwnReasons, New: !entry.Recorded})
		}
		if entry.Loaded != nil && entry.Loaded.Err != nil {
			c.Warnings = append(c.Warnings, entry.Loaded.Err.Error())
		}
		if entry.Loaded != nil && len(entry.OwnReasons) > 0 {
			c.Warnings = append(c.Warnings, entry.Loaded.Warnings...)
		}
	}
	c.Warnings = countRepeated(c.Warnings)
	for _, rec := range workspaces.Removed {
		c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: rec.Name, Stale: []string{rec.Path}, Removed: true})
	}
	c.addReaders(workspaces.Graph)
	return c, nil
}

// changedBetween compares, in both trees, the inputs that the workspaces have at b. The
// inputs at a are not needed: an edit that drops an input also changes an input that
// remains.
func changedBetween(ctx context.Context, config *run.Config, a, b *source.Commit) (*Changed, error) {
	b.Tree.Share(a.Tree)
	before, err := inventory.NewWithoutRecord(ctx, config, a)
	if err != nil {
		return nil, err
	}
	after, err := inventory.NewWithSharedDirs(ctx, config, b, before)
	if err != nil {
		return nil, err
	}
	c := &Changed{From: a.ID, To: b.ID}
	for _, dir := range after.Settings.OpenTofuDirs() {
		if _, ok := before.Entries[dir.Name]; ok {
			after.Entries[dir.Name] = &inventory.Entry{Dir: dir, Config: after.Settings.Config(dir.Name)}
		}
	}
	if len(before.Entries) == 0 {
		if err := after.CheckNotEmpty(); err != nil {
			return nil, err
		}
	}
	after.Loader.SkipPointers(func(string) bool { return true }) // contents count only where something is stale
	if err := after.LoadAll(ctx); err != nil {
		return nil, err
	}
	after.BuildGraph()
	c.Warnings = after.Warnings()
	c.compare(before, after)
	c.addReaders(after.Graph)
	c.Warnings = countRepeated(c.Warnings)
	return c, nil
}

// compare adds the workspaces of after whose inputs differ, and those that only before has.
func (c *Changed) compare(before, after *inventory.Inventory) {
	withPointers := workspace.NewLoader(after.Commit.Tree, after.Product)
	for _, name := range slices.Sorted(maps.Keys(after.Entries)) {
		entry := after.Entries[name]
		old, ok := before.Entries[name]
		if !ok {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(entry.Dir.Path)}, New: true})
			continue
		}
		stale := entry.Loaded.ChangedPaths(before.Loader.Files(), after.Loader.Files())
		if old.Config.Digest() != entry.Config.Digest() || (old.Config.Err == nil) != (entry.Config.Err == nil) {
			stale = append(stale, "settings")
		}
		if len(stale) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: stale})
			if entry.Loaded.Err == nil {
				entry.Loaded.Err = withPointers.Load(entry.Dir, entry.Config).Err
			}
		}
		if entry.Loaded.Err != nil {
			c.Warnings = append(c.Warnings, entry.Loaded.Err.Error())
		}
		c.Warnings = append(c.Warnings, entry.Loaded.Warnings...)
	}
	for _, name := range slices.Sorted(maps.Keys(before.Entries)) {
		if after.Entries[name] == nil && !after.IsModule(name) {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(before.Entries[name].Dir.Path)}, Removed: true})
		}
	}
}

// addReaders sorts the stale workspaces and adds their readers to Maybe.
func (c *Changed) addReaders(graph *workspace.Graph) {
	slices.SortFunc(c.Workspaces, func(a, b ChangedWorkspace) int { return strings.Compare(a.Name, b.Name) })
	stale := map[string]bool{}
	for _, w := range c.Workspaces {
		stale[w.Name] = true
	}
	c.Maybe = []string{}
	for _, name := range graph.Order() {
		if stale[name] {
			continue
		}
		if slices.ContainsFunc(graph.DependsOn(name), func(up string) bool { return stale[up] }) {
			stale[name] = true
			c.Maybe = append(c.Maybe, name)
		}
	}
	slices.Sort(c.Maybe)
	if c.Workspaces == nil {
		c.Workspaces = []ChangedWorkspace{}
	}
}
