package reconciler

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// plan plans what the pull request makes stale: with the roles for plans,
// without a lease or a lock, and with nothing recorded. Which code may run is
// for the settings at the tip to say, not for those in the pull request. What
// it returns waits for the end.
func (l *look) plan(ctx, hard context.Context) (func() error, error) {
	if l.merged == nil {
		return func() error { return nil }, nil
	}
	p := l.begin(Options{Trigger: previewTrigger})
	var names []string
	for _, name := range l.merged.graph.Order() {
		if l.todo[name] {
			names = append(names, name)
		}
	}
	planned, err := l.plans(ctx, hard, p, names)
	if err != nil {
		return nil, err
	}
	return func() error {
		results, err := planned()
		if err != nil || l.preview.Error != "" {
			return err
		}
		for _, result := range results {
			p.report(result)
		}
		p.conclude(nil)
		l.preview.Workspaces = p.result.Workspaces
		l.preview.Outcome = l.outcome(p.result)
		l.preview.Readers = l.readers()
		return nil
	}, nil
}

// plans begins to plan workspaces, which are in the graph's order, as far as
// that is allowed. What it returns waits for their results.
func (l *look) plans(ctx, hard context.Context, p *pass, names []string) (func() ([]WorkspaceResult, error), error) {
	var judged []WorkspaceResult
	var allowed []string
	for _, name := range names {
		it := l.merged.items[name]
		if result, done := l.judge(it); done {
			it.result = &result
			judged = append(judged, result)
		} else {
			allowed = append(allowed, name)
		}
	}
	if len(allowed) == 0 {
		return func() ([]WorkspaceResult, error) { return judged, nil }, nil
	}
	planned := func() ([]WorkspaceResult, error) { return l.planHere(ctx, hard, p, allowed) }
	if l.Executor != nil {
		var err error
		if planned, err = l.planElsewhere(ctx, p, allowed); err != nil {
			return nil, err
		}
	}
	return func() ([]WorkspaceResult, error) {
		results, err := planned()
		for i := range results {
			l.merged.items[results[i].Name].result = &results[i]
		}
		return append(judged, results...), err
	}, nil
}

// planHere plans in this process.
func (l *look) planHere(ctx, hard context.Context, p *pass, names []string) ([]WorkspaceResult, error) {
	site := l.openPreview(p)
	defer site.close()
	if err := l.ready(ctx, site); err != nil || l.preview.Error != "" {
		return nil, err
	}
	planned := map[string]func() (WorkspaceResult, error){}
	slots := make(chan struct{}, l.Parallelism)
	for _, name := range names {
		planned[name] = l.planOne(ctx, hard, site, l.merged.items[name], slots, planned)
	}
	var results []WorkspaceResult
	var fault error
	for _, name := range names {
		result, err := planned[name]()
		if err != nil {
			fault = err
		}
		results = append(results, result)
	}
	if fault == nil && ctx.Err() != nil {
		fault = p.stopped(ctx)
	}
	if fault != nil {
		return nil, fault
	}
	return results, nil
}

// ready gets what no plan can do without, so that its failure is not told as
// one of the pull request's. A tree that cannot be laid out is its own.
func (l *look) ready(ctx context.Context, site *site) error {
	if _, err := site.checkout(ctx); errors.Is(err, source.ErrTooMuch) {
		return l.fails(err)
	} else if err != nil {
		return err
	}
	_, err := site.engine(ctx)
	return err
}

// previewTrigger is what assumed roles' sessions and logs are named by.
const previewTrigger = "preview"

// planOne begins to plan a workspace, when its upstreams among those planned
// are done and there is a slot. What it returns waits for the result.
func (l *look) planOne(ctx, hard context.Context, site *site, it *item, slots chan struct{}, planned map[string]func() (WorkspaceResult, error)) func() (WorkspaceResult, error) {
	var first []func() (WorkspaceResult, error)
	for _, up := range l.merged.graph.DependsOn(it.Name) {
		if wait := planned[up]; wait != nil {
			first = append(first, wait)
		}
	}
	return sync.OnceValues(beside(func() (WorkspaceResult, error) {
		for _, wait := range first {
			_, _ = wait() // told where it is waited for itself
		}
		slots <- struct{}{}
		defer func() { <-slots }()
		ctx, cancel := context.WithTimeoutCause(ctx, longest, errTooLong)
		defer cancel()
		result := site.preview(ctx, hard, it)
		it.result = &result
		return result, nil
	}))
}

// judge is the result of what must not be planned.
func (l *look) judge(it *item) (result WorkspaceResult, done bool) {
	result = WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name, Stale: l.merged.reasons(it)}}
	if err := l.guard(it); err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	if err := l.merged.load(it).Err; err != nil {
		result.Outcome, result.Error = state.Failed, err.Error()
		return result, true
	}
	approved := l.alike(it)
	it.stateless = approved == nil
	proposal := workspace.Proposal{Dir: it.Dir, Config: it.config, Approved: approved, States: l.localStates()}
	if result.Refused = workspace.Refuse(l.merged.commit.Tree, l.merged.product, proposal, l.settings.Preview()); len(result.Refused) > 0 {
		result.Outcome, result.Error = state.Blocked, refusedText
		return result, true
	}
	return result, false
}

// longest is how long one workspace of a pull request may take: previews of
// others wait for it.
const longest = 15 * time.Minute

// longestAll is how long the planning of a pull request elsewhere is waited
// for; by then a planner has given up by itself.
const longestAll = time.Hour

var errTooLong = fmt.Errorf("took longer than %s", longest)

const refusedText = "not planned before it is merged, because a plan would run code that the settings at the tip do not allow"

// guard lets the settings at the tip decide which role a plan has and which
// variables it is given.
func (l *look) guard(it *item) error {
	tip, err := l.settings.Rights(it.Name)
	if err != nil {
		return err
	}
	own := it.config
	it.config.PlanRole, it.config.ApplyRole = tip.PlanRole, tip.ApplyRole
	it.config.Env, it.config.AllowUnlocked = tip.Env, tip.AllowUnlocked
	if own.PlanRole != tip.PlanRole || own.AllowUnlocked != tip.AllowUnlocked || !slices.Equal(own.Env, tip.Env) {
		l.preview.Rights = append(l.preview.Rights, it.Name)
	}
	return nil
}

// alike is the workspace as it is at the tip, perhaps under another name; nil
// if it is not there.
func (l *look) alike(it *item) *workspace.Workspace {
	if before := l.items[it.Name]; before != nil {
		return l.load(before)
	}
	identity := l.merged.load(it).Identity
	for name, before := range l.items {
		if l.merged.items[name] == nil && l.load(before).Identity == identity {
			return l.load(before)
		}
	}
	return nil
}

// localStates are the identities of the states that lie in files, at the tip
// and after the merge.
func (l *look) localStates() (all []string) {
	for _, w := range []*work{l.work, l.merged} {
		for _, it := range w.items {
			if identity := w.identity(it); strings.HasPrefix(identity, localPrefix) && !slices.Contains(all, identity) {
				all = append(all, identity)
			}
		}
	}
	return all
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

// withoutState has a workspace that is not at the tip planned on an empty
// state: what its backend names may be anybody's.
func (s *site) withoutState(job *terraform.Job) {
	job.BackendConfig = ""
	job.LocalState = filepath.Join(s.Work, "copies", "none") // is never there
}
