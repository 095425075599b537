package reconciler

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"reconcile/reconciler/source"
	"reconcile/reconciler/workspace"
)

// look is a pull request merged in memory, and what that makes stale.
type look struct {
	*work   // the tip, which it is to be merged into
	preview *Preview
	merge   *source.Merge
	merged  *work // nil where there is nothing to plan
	todo    map[string]bool
	alone   bool // this process plans this one alone
	insist  bool // somebody asks for it: what failed just now is tried again
}

// look merges a pull request and finds out what it makes stale. What is wrong
// with the pull request is told in its preview; an error is somebody else's.
func (w *work) look(ctx context.Context, pr PullRequest) (_ *look, err error) {
	l := &look{work: w, preview: &Preview{PullRequest: pr, Tip: w.commit.ID, Outcome: OutcomeInSync}, todo: map[string]bool{}}
	l.merge, err = w.Source.Merge(ctx, w.commit.ID, pr.Head)
	if errors.Is(err, source.ErrUnrelated) || errors.Is(err, source.ErrTooMuch) {
		return l, l.fails(err)
	}
	if err != nil {
		return nil, err
	}
	l.preview.Base, l.preview.Crossed = l.merge.Base, l.merge.Crossed
	if l.preview.Conflicts = l.merge.Conflicts; len(l.preview.Conflicts) > 0 {
		l.preview.Outcome = OutcomeConflict
		return l, l.sum()
	}
	settings, err := workspace.LoadSettings(l.merge.Commit.Tree, w.Environment)
	if err != nil {
		return l, l.fails(err)
	}
	l.merged, err = w.survey(ctx, w.head, l.merge.Commit, settings)
	var own *TreeError
	if errors.As(err, &own) || errors.Is(err, source.ErrTooMuch) {
		return l, l.fails(err)
	}
	if err != nil {
		return nil, errors.Join(err, l.merge.Close())
	}
	if len(l.items) == 0 {
		if err := l.merged.found(); err != nil {
			return l, l.fails(err)
		}
	}
	l.compare()
	return l, l.sum()
}

func (l *look) close() {
	if l == nil || l.merge == nil {
		return
	}
	if err := l.merge.Close(); err != nil {
		l.Log.Warn("a merged tree could not be closed", "error", err)
	}
	l.merge = nil
}

// fails notes what is wrong with the pull request as a whole.
func (l *look) fails(err error) error {
	l.preview.Outcome, l.preview.Error = OutcomeFailed, err.Error()
	return l.sum()
}

// compare decides which workspaces the pull request makes stale. Those that
// are stale without it are no concern of its.
func (l *look) compare() {
	for name, it := range l.merged.items {
		if len(l.merged.reasons(it)) == 0 || !l.touches(it) {
			continue
		}
		l.todo[name] = true
		if before := l.items[name]; before != nil && len(l.reasons(before)) > 0 {
			l.preview.Waiting = append(l.preview.Waiting, name)
		}
	}
	for name := range l.items {
		if l.merged.items[name] == nil {
			l.gone(name)
		}
	}
	p := l.preview
	slices.Sort(p.Removed)
	slices.Sort(p.Waiting)
	slices.SortFunc(p.Renamed, func(a, b Renamed) int { return cmp.Compare(a.From, b.From) })
}

// gone notes a workspace that is there no more after the merge.
func (l *look) gone(name string) {
	if rec := l.items[name].record; rec.Identity != "" {
		if to := l.merged.renamed(rec); to != nil {
			l.preview.Renamed = append(l.preview.Renamed, Renamed{From: name, To: to.Name})
			return
		}
	}
	l.preview.Removed = append(l.preview.Removed, name)
}

// touches tells whether the pull request changes an input of a workspace that
// is stale once it is merged.
func (l *look) touches(it *item) bool {
	before := l.items[it.Name]
	if before == nil || before.config.Digest() != it.config.Digest() || fmt.Sprint(before.config.Err) != fmt.Sprint(it.config.Err) {
		return true
	}
	return slices.ContainsFunc(l.merged.load(it).Inputs, func(path string) bool {
		return l.commit.Tree.ID(path) != l.merged.commit.Tree.ID(path)
	})
}

// sum works out Inputs.
func (l *look) sum() error {
	p := l.preview
	traces := map[string]any{}
	for name := range l.todo {
		it := l.merged.items[name]
		traces[name] = []any{l.merged.trace(it, l.merged.digests(name)), it.record.Trace, it.config}
	}
	text, err := json.Marshal([]any{workspace.Rules, p.Outcome, p.Conflicts, p.Error, p.Removed, p.Renamed, p.Waiting, traces})
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	p.Inputs = hex.EncodeToString(sum[:8])
	return nil
}
