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
func analyzePullRequest(ctx context.Context, w *inventory.Inventory, pr PullRequest) (_ *pullRequestPlan, err error) {
	preview := pr.NewPreview(w.Commit.ID)
	preview.Outcome = run.OutcomeInSync
	l := &pullRequestPlan{tip: w, preview: &preview, stale: map[string]bool{}}
	l.merge, err = w.Config.Source.Merge(ctx, w.Commit.ID, pr.Head)
	if errors.Is(err, source.ErrUnrelated) || errors.Is(err, gittree.ErrTreeTooLarge) {
		return l, l.setError(err)
	}
	if err != nil {
		return nil, err
	}
	l.preview.Base, l.preview.CrissCross = l.merge.Base, l.merge.CrissCross
	if l.preview.Conflicts = l.merge.Conflicts; len(l.preview.Conflicts) > 0 {
		l.preview.Outcome = OutcomeConflict
		return l, l.setInputsDigest()
	}
	settings, err := settings.Load(l.merge.Commit.Tree, w.Config.Environment)
	if err != nil {
		return l, l.setError(err)
	}
	l.merged, err = inventory.Discover(ctx, w.Config, w.Head, l.merge.Commit, settings)
	var own *inventory.TreeError
	if errors.As(err, &own) || errors.Is(err, gittree.ErrTreeTooLarge) {
		return l, l.setError(err)
	}
	if err != nil {
		return nil, errors.Join(err, l.merge.Close())
	}
	if len(l.tip.Entries) == 0 {
		if err := l.merged.CheckNotEmpty(); err != nil {
			return l, l.setError(err)
		}
	}
	l.compare()
	return l, l.setInputsDigest()
}

func (l *pullRequestPlan) close() {
	if l == nil || l.merge == nil {
		return
	}
	if err := l.merge.Close(); err != nil {
		l.tip.Config.Log.Warn("could not close a merged tree", "error", err)
	}
	l.merge = nil
}

// setError records an error of the whole pull request.
func (l *pullRequestPlan) setError(err error) error {
	l.preview.Outcome, l.preview.Error = run.OutcomeFailed, err.Error()
	return l.setInputsDigest()
}

// compare finds the workspaces that the pull request makes stale. It leaves out those
// that are stale without it.
func (l *pullRequestPlan) compare() {
	for name, entry := range l.merged.Entries {
		if len(l.merged.StaleReasons(entry)) == 0 || !l.changesInputs(entry) {
			continue
		}
		l.stale[name] = true
		if before := l.tip.Entries[name]; before != nil && len(l.tip.StaleReasons(before)) > 0 {
			l.preview.Waiting = append(l.preview.Waiting, name)
		}
	}
	for name := range l.tip.Entries {
		if l.merged.Entries[name] == nil {
			l.noteRemoved(name)
		}
	}
	p := l.preview
	slices.Sort(p.Removed)
	slices.Sort(p.Waiting)
	slices.SortFunc(p.Renamed, func(a, b Renamed) int { return cmp.Compare(a.From, b.From) })
}

// noteRemoved records a workspace that the merge removes or renames.
func (l *pullRequestPlan) noteRemoved(name string) {
	if rec := l.tip.Entries[name].Record; rec.Identity != "" {
		if to := l.merged.FindRename(rec); to != nil {
			l.preview.Renamed = append(l.preview.Renamed, Renamed{From: name, To: to.Dir.Name})
			return
		}
	}
	l.preview.Removed = append(l.preview.Removed, name)
}

// changesInputs reports whether the pull request changes an input of a workspace that
// is stale after the merge.
func (l *pullRequestPlan) changesInputs(entry *inventory.Entry) bool {
	before := l.tip.Entries[entry.Dir.Name]
	if before == nil || before.Config.Digest() != entry.Config.Digest() || fmt.Sprint(before.Config.Err) != fmt.Sprint(entry.Config.Err) {
		return true
	}
	return len(l.merged.Load(entry).ChangedPaths(l.tip.Loader.Files(), l.merged.Loader.Files())) > 0
}

func (l *pullRequestPlan) setInputsDigest() error {
	p := l.preview
	traces := map[string]any{}
	for name := range l.stale {
		entry := l.merged.Entries[name]
		traces[name] = []any{l.merged.Trace(entry, l.merged.UpstreamDigests(name)), entry.Record.Trace, entry.Config}
	}
	text, err := json.Marshal([]any{workspace.RulesVersion, p.Outcome, p.Conflicts, p.Error, p.Removed, p.Renamed, p.Waiting, traces})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	p.Inputs = hex.EncodeToString(sum[:8])
	return nil
}
