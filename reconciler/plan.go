package reconciler

import (
	"context"
	"errors"
	"slices"
	"strings"

	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// Plan says what a pass would do, and changes nothing: nothing is adopted,
// recorded or leased, and Terraform's own state lock is not taken. Readers of
// a workspace with changes are planned against its outputs as they are.
func (r *Reconciler) Plan(ctx, hard context.Context, o Options) (*Result, error) {
	p := r.begin(o)
	w, err := r.atTip(ctx)
	if err != nil {
		return p.result, err
	}
	defer r.closing(w.commit)
	p.result.From, p.result.To = w.head.Commit, w.commit.ID
	for _, text := range w.settings.Warnings() {
		p.warn(text)
	}
	if err := w.found(); err != nil {
		return p.result, err
	}
	if err := w.known(o.Only); err != nil {
		return p.result, err
	}
	s := w.schedule(o.Only, o.Replan)
	site := p.openReadOnly(w)
	defer site.close()
	p.showWaiting(s)
	for _, name := range w.graph.Order() {
		if ctx.Err() != nil {
			return p.result, p.stopped(ctx)
		}
		it := w.items[name]
		result := WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: name, Outcome: state.Unchanged}}
		if s.candidates[name] && (s.alone || len(w.reasons(it)) > 0) {
			result = site.preview(ctx, hard, it)
		}
		if s.candidates[name] || !s.alone {
			it.result = &result
			p.report(result)
			p.observe(Event{Workspace: name, Phase: PhaseDone, Result: &result})
		}
	}
	p.conclude(nil)
	return p.result, nil
}

// preview plans one workspace without a trace of it.
func (s *site) preview(ctx, hard context.Context, it *item) WorkspaceResult {
	result := WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name, Stale: s.work.reasons(it)}}
	started := s.Now()
	plan, err := s.planOnly(ctx, hard, it)
	if err == nil {
		err = s.theirState(it, it.record, plan)
	}
	result.DurationMS = s.Now().Sub(started).Milliseconds()
	result.Warnings = slices.Clone(s.work.load(it).Warnings)
	if plan != nil && !plan.Empty {
		result.Plan, result.Changes, result.Digest = plan.Text, state.Changes(plan.Changes), plan.Digest
	}
	if plan != nil {
		result.Warnings = append(result.Warnings, plan.Warnings...)
	}
	first := s.pendingUpstreams(it.Name)
	switch {
	case err != nil && madeOf(err) == state.Blocked:
		result.Outcome, result.Error = state.Blocked, err.Error()
	case err != nil && len(first) > 0:
		result.Outcome = state.Skipped
		result.Error = "cannot be planned before " + strings.Join(first, ", ") + " is applied"
	case err != nil:
		result.Outcome, result.Error = madeOf(err), err.Error()
	case plan.Empty:
		result.Outcome = state.NoChanges
	default:
		result.Outcome = state.Pending
		if why := gate(it.config, plan); why != "" {
			result.Warnings = append(result.Warnings, why)
		}
	}
	if it.hold != nil {
		result.Warnings = append(result.Warnings, holdText(*it.hold))
	}
	return result
}

// pendingUpstreams are those that have something to apply, or might.
func (s *site) pendingUpstreams(name string) []string {
	return slices.DeleteFunc(slices.Clone(s.work.graph.DependsOn(name)), func(up string) bool {
		r := s.work.items[up].result
		return r == nil || r.Outcome != state.Pending && r.Outcome != state.Skipped && r.Outcome != state.Blocked
	})
}

func (s *site) planOnly(ctx, hard context.Context, it *item) (plan *terraform.Plan, err error) {
	root, err := s.checkout(ctx)
	if err != nil {
		return nil, err
	}
	engine, err := s.engine(ctx)
	if err != nil {
		return nil, err
	}
	job, err := s.job(ctx, root, it)
	if err != nil {
		return nil, err
	}
	job.ReadOnly = true
	if s.trust != nil {
		if it.stateless {
			s.withoutState(&job)
		}
		if err := s.shareOutputs(root, it); err != nil {
			return nil, err
		}
	}
	if job.Sensitive, err = s.hidden(ctx, s.work.upstreamsOf(it.Name)); err != nil {
		return nil, err
	}
	if _, err := s.mend(ctx, root, it, true); err != nil {
		return nil, err
	}
	session := engine.Open(hard, job)
	defer func() { err = errors.Join(err, session.Close()) }()
	s.observe(Event{Workspace: it.Name, Phase: PhaseInit})
	it.link.Lock()
	err = session.Init(ctx)
	it.link.Unlock()
	if err != nil {
		return nil, err
	}
	for _, up := range s.work.graph.DependsOn(it.Name) {
		link := &s.work.items[up].link
		link.RLock()
		defer link.RUnlock()
	}
	s.observe(Event{Workspace: it.Name, Phase: PhasePlan})
	return session.Plan(ctx)
}
