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
	"reconcile/state"
)

// PullRequest is a branch that someone wants to be merged into the watched
// one.
type PullRequest struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	Branch string `json:"branch"`
	Head   string `json:"head"` // commit
}

// Preview is what a pass would do once a pull request is merged.
type Preview struct {
	PullRequest
	Tip       string            `json:"tip"`     // of the watched branch
	Base      string            `json:"base"`    // commit in which the two parted
	Outcome   string            `json:"outcome"` // "" where nothing was planned, because nothing changed
	Conflicts []source.Conflict `json:"conflicts,omitempty"`
	// Workspaces are those that the pull request makes stale.
	Workspaces []WorkspaceResult `json:"workspaces"`
	Readers    []Reader          `json:"readers,omitempty"`
	Removed    []string          `json:"removed,omitempty"` // workspaces whose directory it removes
	Renamed    []Renamed         `json:"renamed,omitempty"`
	// Waiting are those of Workspaces that have changes at the tip already, so
	// that their plans have both.
	Waiting  []string `json:"waiting,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	Error    string   `json:"error,omitempty"` // why nothing in it could be planned
	// Inputs is the same for two previews that would say the same, as far as
	// Git and the record tell.
	Inputs string `json:"inputs"`
}

// Reader is a workspace that would be looked at again after others.
type Reader struct {
	Name  string   `json:"name"`
	After []string `json:"after"`
}

// Renamed is a workspace whose state goes on under another name.
type Renamed struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Outcomes of a preview beside those of a plan.
const (
	OutcomeConflict = "conflict" // it cannot be merged
	OutcomeRefused  = "refused"  // what it asks for is not planned before it is merged
)

// look is a pull request merged in memory, and what that makes stale.
type look struct {
	*work   // the tip, which it is to be merged into
	preview *Preview
	merge   *source.Merge
	merged  *work // nil where there is nothing to plan
	todo    map[string]bool
}

// look merges a pull request and finds out what it makes stale. What is wrong
// with the pull request is told in its preview; an error is somebody else's.
func (w *work) look(ctx context.Context, pr PullRequest) (_ *look, err error) {
	l := &look{work: w, preview: &Preview{PullRequest: pr, Tip: w.commit.ID, Outcome: OutcomeInSync}, todo: map[string]bool{}}
	l.merge, err = w.Source.Merge(ctx, w.commit.ID, pr.Head)
	if errors.Is(err, source.ErrUnrelated) {
		return l, l.fails(err)
	}
	if err != nil {
		return nil, err
	}
	l.preview.Base = l.merge.Base
	if l.merge.Crossed {
		l.preview.Warnings = append(l.preview.Warnings, "the branches were merged into each other: merged from the newest commit that both have, which may differ from what Git does")
	}
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
	if errors.As(err, &own) {
		return l, l.fails(err)
	}
	if err != nil {
		return nil, errors.Join(err, l.merge.Close())
	}
	l.compare()
	return l, l.sum()
}

func (l *look) close() {
	if l.merge == nil {
		return
	}
	if err := l.merge.Close(); err != nil {
		l.Log.Warn("a merged tree could not be closed", "error", err)
	}
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
	if before == nil || before.config.Digest() != it.config.Digest() {
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

// plan plans what the pull request makes stale: with the roles for plans,
// without a lease or a lock, and with nothing recorded. Which code may run is
// for the settings at the tip to say, not for those in the pull request.
func (l *look) plan(ctx, hard context.Context) error {
	if l.merged == nil {
		return nil
	}
	p := l.begin(Options{Trigger: previewTrigger})
	site := p.open(l.merged)
	trust := l.settings.Preview()
	site.trust = &trust
	defer site.close()
	for _, name := range l.merged.graph.Order() {
		if !l.todo[name] {
			continue
		}
		if ctx.Err() != nil {
			return p.stopped(ctx)
		}
		it := l.merged.items[name]
		result := l.planOne(ctx, hard, site, it)
		it.result = &result
		p.report(result)
		p.Observe(Event{Workspace: name, Phase: PhaseDone, Result: &result})
	}
	p.conclude(nil)
	l.preview.Workspaces = p.result.Workspaces
	l.preview.Outcome = l.outcome(p.result)
	l.preview.Readers = l.readers()
	return nil
}

// previewTrigger is what assumed roles' sessions and logs are named by.
const previewTrigger = "preview"

func (l *look) planOne(ctx, hard context.Context, site *site, it *item) WorkspaceResult {
	warnings, err := l.guard(it)
	if err != nil {
		return WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name, Outcome: state.Failed, Stale: l.merged.reasons(it), Error: err.Error()}}
	}
	if refused := l.merged.loader.Refuse(it.Dir, it.config, *site.trust, l.alike(it)); len(refused) > 0 {
		return WorkspaceResult{
			RunWorkspace: state.RunWorkspace{Name: it.Name, Outcome: state.Blocked, Stale: l.merged.reasons(it), Error: refusedText},
			Refused:      refused,
			Warnings:     warnings,
		}
	}
	result := site.preview(ctx, hard, it)
	result.Warnings = append(result.Warnings, warnings...)
	return result
}

const refusedText = "not planned before it is merged, because a plan would run code that the settings at the tip do not allow"

// guard lets the settings at the tip decide which role a plan has and which
// variables it is given.
func (l *look) guard(it *item) (warnings []string, err error) {
	tip, err := l.settings.Rights(it.Name)
	if err != nil {
		return nil, err
	}
	own := it.config
	it.config.PlanRole, it.config.ApplyRole = tip.PlanRole, tip.ApplyRole
	it.config.Env, it.config.AllowUnlocked = tip.Env, tip.AllowUnlocked
	if own.PlanRole != tip.PlanRole || own.AllowUnlocked != tip.AllowUnlocked || !slices.Equal(own.Env, tip.Env) {
		warnings = append(warnings, fmt.Sprintf("%s changes plan_role, env or allow_unlocked of %s: planned with those at the tip", workspace.SettingsFile, it.Name))
	}
	return warnings, nil
}

// alike is the workspace as it is at the tip; nil if it is not there.
func (l *look) alike(it *item) *workspace.Workspace {
	before := l.items[it.Name]
	if before == nil {
		return nil
	}
	return l.load(before)
}

func (l *look) outcome(result *Result) string {
	if slices.ContainsFunc(result.Workspaces, func(w WorkspaceResult) bool { return len(w.Refused) > 0 }) && result.Outcome != OutcomeFailed {
		return OutcomeRefused
	}
	return result.Outcome
}

// readers are the workspaces below those with changes.
func (l *look) readers() (readers []Reader) {
	moving := map[string]bool{}
	for _, name := range l.merged.graph.Order() {
		var after []string
		for _, up := range l.merged.graph.DependsOn(name) {
			if moving[up] {
				after = append(after, up)
			}
		}
		r := l.merged.items[name].result
		moving[name] = len(after) > 0 || r != nil && r.Outcome != state.NoChanges
		if len(after) > 0 {
			readers = append(readers, Reader{Name: name, After: after})
		}
	}
	return readers
}
