package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
)

// Changed is which workspaces are stale, as `reconcile changed -o json`
// prints it: by inputs of their own only, sorted by name. Maybe are the
// readers of those, and theirs: stale if outputs change.
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
	Stale   []string `json:"stale"` // inputs that differ
	New     bool     `json:"new"`
	Removed bool     `json:"removed"`
}

// Changed compares the record with the tip or, when from and to are given,
// two commits without a record. Terraform is not run and nothing is written.
func (r *Reconciler) Changed(ctx context.Context, from, to string) (*Changed, error) {
	if from == "" && to == "" {
		return r.changedSinceRecord(ctx)
	}
	a, err := r.resolve(ctx, from)
	if err != nil {
		return nil, err
	}
	defer r.closing(a)
	b, err := r.resolve(ctx, to)
	if err != nil {
		return nil, err
	}
	defer r.closing(b)
	return r.changedBetween(ctx, a, b)
}

func (r *Reconciler) resolve(ctx context.Context, rev string) (*source.Commit, error) {
	if rev == "" {
		return nil, fmt.Errorf("both --from and --to are needed to compare two commits")
	}
	id, err := r.Source.Resolve(ctx, rev)
	if err != nil {
		return nil, fmt.Errorf("resolve %s: %w", rev, err)
	}
	commit, err := r.Source.Fetch(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", short(id), err)
	}
	return commit, nil
}

func (r *Reconciler) changedSinceRecord(ctx context.Context) (*Changed, error) {
	w, err := r.atTip(ctx)
	if err != nil {
		return nil, err
	}
	defer r.closing(w.commit)
	if len(w.gone) == 0 {
		if err := w.found(); err != nil {
			return nil, err
		}
	}
	c := &Changed{From: w.head.Commit, To: w.commit.ID, Warnings: w.settings.Warnings()}
	for _, name := range slices.Sorted(maps.Keys(w.items)) {
		it := w.items[name]
		if len(it.own) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: it.own, New: !it.known})
		}
		if it.loaded != nil && it.loaded.Err != nil {
			c.Warnings = append(c.Warnings, it.loaded.Err.Error())
		}
	}
	for _, rec := range w.gone {
		c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: rec.Name, Stale: []string{rec.Path}, Removed: true})
	}
	c.close(w.graph)
	return c, nil
}

// atTip is the survey of the tip, with nothing adopted.
func (r *Reconciler) atTip(ctx context.Context) (*work, error) {
	head, err := r.readHead(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := r.Source.Tip(ctx, head.Protocol)
	if err != nil {
		return nil, fmt.Errorf("ask for the tip of %s: %w", r.Branch, err)
	}
	commit, err := r.fetch(ctx, tip)
	if err != nil {
		return nil, err
	}
	settings, err := workspace.LoadSettings(commit.Tree, r.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", short(tip.Commit), err)
	}
	return r.survey(ctx, head, commit, settings)
}

// changedBetween looks up the inputs that the workspaces have at b in both
// trees. Those of a are not needed: an input that a workspace no longer has
// was dropped by an edit to one that it still has.
func (r *Reconciler) changedBetween(ctx context.Context, a, b *source.Commit) (*Changed, error) {
	before, err := r.everything(ctx, a)
	if err != nil {
		return nil, err
	}
	after, err := r.everything(ctx, b)
	if err != nil {
		return nil, err
	}
	c := &Changed{From: a.ID, To: b.ID, Warnings: after.settings.Warnings()}
	for _, dir := range after.settings.Unread() {
		if _, ok := before.items[dir.Name]; ok {
			after.items[dir.Name] = &item{Dir: dir, config: after.settings.Config(dir.Name)}
		}
	}
	if len(before.items) == 0 {
		if err := after.found(); err != nil {
			return nil, err
		}
	}
	if err := after.loadAll(ctx); err != nil {
		return nil, err
	}
	after.link()
	for _, name := range slices.Sorted(maps.Keys(after.items)) {
		it := after.items[name]
		old, ok := before.items[name]
		if !ok {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(it.Path)}, New: true})
			continue
		}
		var stale []string
		for _, path := range it.loaded.Inputs {
			if a.Tree.ID(path) != b.Tree.ID(path) {
				stale = append(stale, path)
			}
		}
		if old.config.Digest() != it.config.Digest() {
			stale = append(stale, "settings")
		}
		if len(stale) > 0 {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: stale})
		}
		if it.loaded.Err != nil {
			c.Warnings = append(c.Warnings, it.loaded.Err.Error())
		}
		c.Warnings = append(c.Warnings, it.loaded.Warnings...)
	}
	for _, name := range slices.Sorted(maps.Keys(before.items)) {
		if after.items[name] == nil {
			c.Workspaces = append(c.Workspaces, ChangedWorkspace{Name: name, Stale: []string{gitpath.Quote(before.items[name].Path)}, Removed: true})
		}
	}
	c.close(after.graph)
	return c, nil
}

// everything is the workspaces at a commit, without a record.
func (r *Reconciler) everything(ctx context.Context, commit *source.Commit) (*work, error) {
	settings, err := workspace.LoadSettings(commit.Tree, r.Environment)
	if err != nil {
		return nil, fmt.Errorf("settings at %s: %w", short(commit.ID), err)
	}
	product, err := r.Product(ctx)
	if err != nil {
		return nil, err
	}
	dirs, err := workspace.Discover(commit.Tree, settings, product)
	if err != nil {
		return nil, fmt.Errorf("workspaces at %s: %w", short(commit.ID), err)
	}
	w := &work{
		Reconciler: r, commit: commit, settings: settings, product: product,
		loader: workspace.NewLoader(commit.Tree, product), items: map[string]*item{},
	}
	for _, dir := range dirs {
		w.items[dir.Name] = &item{Dir: dir, config: settings.Config(dir.Name)}
	}
	return w, nil
}

// close sorts, and adds the readers of what is stale.
func (c *Changed) close(graph *workspace.Graph) {
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
