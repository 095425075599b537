package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/commitid"
	"reconcile/internal/gitpath"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
)

// Changed lists the stale workspaces, as `reconcile changed -o json` prints it.
// Workspaces holds those with changed inputs of their own, sorted by name. Maybe holds
// their direct and indirect readers: these become stale if outputs change.
type Changed struct {
	From       string             `json:"from"`
	To         string             `json:"to"`
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

// Changed compares the record with the tip or, if from and to are given, two commits
// without a record. It does not run Terraform and writes nothing.
func (r *Reconciler) Changed(ctx context.Context, from, to string) (*Changed, error) {
	if from == "" && to == "" {
		return changedSinceRecord(ctx, &r.config)
	}
	a, err := resolve(ctx, &r.config, from)
	if err != nil {
		return nil, err
	}
	defer r.config.CloseCommit(a)
	b, err := resolve(ctx, &r.config, to)
	if err != nil {
		return nil, err
	}
	defer r.config.CloseCommit(b)
	return changedBetween(ctx, &r.config, a, b)
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
		return nil, fmt.Errorf("fetch %s: %w", commitid.Abbrev(id), err)
	}
	return commit, nil
}

func changedSinceRecord(ctx context.Context, config *run.Config) (*Changed, error) {
	w, err := inventoryAtTip(ctx, config)
	if err != nil {
		return nil, err
	}
	defer config.CloseCommit(w.commit)
	if len(w.removed) == 0 {
		if err := w.checkNotEmpty(); err != nil {
			return nil, err
		}
	}
	c := &Changed{From: w.head.Commit, To: w.commit.ID, Warnings: w.settings.Warnings()}
	for _, name := range slices.Sorted(maps.Keys(w.entries)) {
		entry := w.entries[name]
		if len(entry.ownReasons) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: entry.ownReasons, New: !entry.recorded})
		}
		if entry.loaded != nil && entry.loaded.Err != nil {
			c.Warnings = append(c.Warnings, entry.loaded.Err.Error())
		}
	}
	for _, rec := range w.removed {
		c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: rec.Name, Stale: []string{rec.Path}, Removed: true})
	}
	c.addReaders(w.graph)
	return c, nil
}

// inventoryAtTip builds the inventory of the tip without adopting the tip.
func inventoryAtTip(ctx context.Context, c *run.Config) (*inventory, error) {
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
	settings, err := settings.Load(commit.Tree, c.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", commitid.Abbrev(tip.Commit), err)
	}
	return discover(ctx, c, head, commit, settings)
}

// changedBetween compares, in both trees, the inputs that the workspaces have at b. The
// inputs at a are not needed: an edit that drops an input also changes an input that
// remains.
func changedBetween(ctx context.Context, config *run.Config, a, b *source.Commit) (*Changed, error) {
	before, err := inventoryWithoutRecord(ctx, config, a)
	if err != nil {
		return nil, err
	}
	after, err := inventoryWithoutRecord(ctx, config, b)
	if err != nil {
		return nil, err
	}
	c := &Changed{From: a.ID, To: b.ID, Warnings: after.settings.Warnings()}
	for _, dir := range after.settings.OpenTofuDirs() {
		if _, ok := before.entries[dir.Name]; ok {
			after.entries[dir.Name] = &workspaceEntry{dir: dir, config: after.settings.Config(dir.Name)}
		}
	}
	if len(before.entries) == 0 {
		if err := after.checkNotEmpty(); err != nil {
			return nil, err
		}
	}
	after.loader.SkipPointers = true // contents count only where something is stale
	if err := after.loadAll(ctx); err != nil {
		return nil, err
	}
	after.buildGraph()
	withPointers := workspace.NewLoader(b.Tree, after.product)
	for _, name := range slices.Sorted(maps.Keys(after.entries)) {
		entry := after.entries[name]
		old, ok := before.entries[name]
		if !ok {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(entry.dir.Path)}, New: true})
			continue
		}
		var stale []string
		for _, path := range entry.loaded.Inputs {
			if a.Tree.ID(path) != b.Tree.ID(path) {
				stale = append(stale, path)
			}
		}
		if old.config.Digest() != entry.config.Digest() {
			stale = append(stale, "settings")
		}
		if len(stale) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: stale})
			if entry.loaded.Err == nil {
				entry.loaded.Err = withPointers.Load(entry.dir, entry.config).Err
			}
		}
		if entry.loaded.Err != nil {
			c.Warnings = append(c.Warnings, entry.loaded.Err.Error())
		}
		c.Warnings = append(c.Warnings, entry.loaded.Warnings...)
	}
	for _, name := range slices.Sorted(maps.Keys(before.entries)) {
		if after.entries[name] == nil {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(before.entries[name].dir.Path)}, Removed: true})
		}
	}
	c.addReaders(after.graph)
	return c, nil
}

func inventoryWithoutRecord(ctx context.Context, c *run.Config, commit *source.Commit) (*inventory, error) {
	settings, err := settings.Load(commit.Tree, c.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", commitid.Abbrev(commit.ID), err)
	}
	product, err := c.Product(ctx)
	if err != nil {
		return nil, err
	}
	dirs, err := settings.Discover(commit.Tree, product)
	if err != nil {
		return nil, fmt.Errorf("workspaces at %s: %w", commitid.Abbrev(commit.ID), err)
	}
	w := &inventory{
		config: c, commit: commit, settings: settings, product: product,
		loader: workspace.NewLoader(commit.Tree, product), entries: map[string]*workspaceEntry{},
	}
	for _, dir := range dirs {
		w.entries[dir.Name] = &workspaceEntry{dir: dir, config: settings.Config(dir.Name)}
	}
	return w, nil
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
