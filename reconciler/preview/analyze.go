package preview

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittree"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/settings"
)

// pullRequestPlan is a pull request merged in memory, and the workspaces that it makes
// stale.
type pullRequestPlan struct {
	tip     *inventory.Inventory // the tip that it is merged into
	preview *Preview
	merge   *source.Merge
	merged  *inventory.Inventory // nil if there is nothing to plan
	stale   map[string]bool
	alone   bool     // this process plans only this pull request
	force   bool     // requested by a person: retry a recent failure
	ownCode []string // workspaces whose plan may run code of the pull request
}

// analyzePullRequest merges a pull request and finds the workspaces that it makes
// stale. An error of the pull request itself goes into its preview; other errors are
// returned.
func analyzePullRequest(ctx context.Context, workspaces *inventory.Inventory, pr PullRequest) (_ *pullRequestPlan, err error) {
	preview := pr.NewPreview(workspaces.Commit.ID)
	preview.Outcome = run.OutcomeInSync
	p := &pullRequestPlan{tip: workspaces, preview: &preview, stale: map[string]bool{}}
	p.merge, err = workspaces.Config.Source.Merge(ctx, workspaces.Commit.ID, pr.Head)
	if errors.Is(err, source.ErrUnrelated) || errors.Is(err, gittree.ErrTreeTooLarge) {
		return p, p.setError(err)
	}
	if err != nil {
		return nil, err
	}
	p.preview.Base, p.preview.CrissCross = p.merge.Base, p.merge.CrissCross
	if p.preview.Conflicts = p.merge.Conflicts; len(p.preview.Conflicts) > 0 {
		p.preview.Outcome = OutcomeConflict
		return p, p.setInputsDigest()
	}
	settings, err := settings.Load(p.merge.Commit.Tree, workspaces.Config.Environment)
	if err != nil {
		return p, p.setError(err)
	}
	p.merged, err = inventory.Discover(ctx, workspaces.Config, workspaces.Head, p.merge.Commit, settings)
	var own *inventory.TreeError
	if errors.As(err, &own) || errors.Is(err, gittree.ErrTreeTooLarge) {
		return p, p.setError(err)
	}
	if err != nil {
		return nil, errors.Join(err, p.merge.Close())
	}
	if len(p.tip.Entries) == 0 {
		if err := p.merged.CheckNotEmpty(); err != nil {
			return p, p.setError(err)
		}
	}
	p.compare()
	return p, p.setInputsDigest()
}

func (p *pullRequestPlan) close() {
	if p == nil || p.merge == nil {
		return
	}
	if err := p.merge.Close(); err != nil {
		p.tip.Config.Log.Warn("could not close a merged tree", "error", err)
	}
	p.merge = nil
}

// setError records an error of the whole pull request.
func (p *pullRequestPlan) setError(err error) error {
	p.preview.Outcome, p.preview.Error = run.OutcomeFailed, err.Error()
	return p.setInputsDigest()
}

// compare finds the workspaces that the pull request makes stale. It leaves out those
// that are stale without it.
func (p *pullRequestPlan) compare() {
	for name, entry := range p.merged.Entries {
		if len(p.merged.StaleReasons(entry)) == 0 || !p.changesInputs(entry) {
			continue
		}
		p.stale[name] = true
		if before := p.tip.Entries[name]; before != nil && len(p.tip.StaleReasons(before)) > 0 {
			p.preview.Waiting = append(p.preview.Waiting, name)
		}
	}
	for name := range p.tip.Entries {
		if p.merged.Entries[name] == nil {
			p.noteRemoved(name)
		}
	}
	preview := p.preview
	slices.Sort(preview.Removed)
	slices.Sort(preview.Waiting)
	slices.SortFunc(preview.Renamed, func(a, b Renamed) int { return cmp.Compare(a.From, b.From) })
}

// noteRemoved records a workspace that the merge removes or renames.
func (p *pullRequestPlan) noteRemoved(name string) {
	if rec := p.tip.Entries[name].Record; rec.Identity != "" {
		if to := p.merged.FindRename(rec); to != nil {
			p.preview.Renamed = append(p.preview.Renamed, Renamed{From: name, To: to.Dir.Name})
			return
		}
	}
	p.preview.Removed = append(p.preview.Removed, name)
}

// changesInputs reports whether the pull request changes an input of a workspace that
// is stale after the merge.
func (p *pullRequestPlan) changesInputs(entry *inventory.Entry) bool {
	before := p.tip.Entries[entry.Dir.Name]
	if before == nil || before.Config.Digest() != entry.Config.Digest() || fmt.Sprint(before.Config.Err) != fmt.Sprint(entry.Config.Err) {
		return true
	}
	return len(p.merged.Load(entry).ChangedPaths(p.tip.Loader.Files(), p.merged.Loader.Files())) > 0
}

func (p *pullRequestPlan) setInputsDigest() error {
	preview := p.preview
	traces := map[string]any{}
	for name := range p.stale {
		entry := p.merged.Entries[name]
		traces[name] = []any{p.merged.Trace(entry, p.merged.UpstreamDigests(name)), entry.Record.Trace, entry.Config}
	}
	text, err := json.Marshal([]any{workspace.RulesVersion, preview.Outcome, preview.Conflicts, preview.Error, preview.Removed, preview.Renamed, preview.Waiting, traces})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	preview.Inputs = hex.EncodeToString(sum[:8])
	return nil
}
