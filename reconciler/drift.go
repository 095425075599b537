package reconciler

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// Drift looks whether workspaces are still as they were last applied: it plans,
// with a refresh, those that are not stale, from the very inputs in their
// traces. What such a plan would do is drift. It is recorded and told; no pass
// puts it back by itself.
//
// As in Plan neither a lease nor Terraform's lock is held meanwhile, so that no
// pass waits for somebody who only looks. In exchange what is found is dropped
// where a pass has written the workspace's record, or an upstream was applied,
// since they were read.
func (r *Reconciler) Drift(ctx, hard context.Context, o Options) (*Result, error) {
	o.Trigger = LookForDrift
	p := r.begin(o)
	p.at(PhaseDrift)
	looked, err := p.drift(ctx, hard)
	p.conclude(err)
	p.keepDrift(context.WithoutCancel(ctx), looked)
	if looked {
		p.tellNow(context.WithoutCancel(ctx))
	}
	p.observe(Event{Phase: PhaseDone, Pass: p.result, Err: err, Part: len(o.Only) > 0})
	return p.result, err
}

// drift looks at all that can be looked at, several at once, and tells whether
// there was any.
func (p *pass) drift(ctx, hard context.Context) (looked bool, err error) {
	w, err := p.atTip(ctx)
	if err != nil {
		return false, err
	}
	defer p.closing(w.commit)
	p.result.From, p.result.To = w.head.Commit, w.commit.ID
	if err := w.found(); err != nil {
		return false, err
	}
	if err := w.known(p.options.Only); err != nil {
		return false, err
	}
	todo := map[string]bool{}
	for name, it := range w.items {
		if only := p.options.Only; len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		if result, unfit := w.unfitForDrift(it); unfit {
			p.report(p.looked(result))
			continue
		}
		todo[name] = true
		p.observe(Event{Workspace: name, Phase: PhaseWaiting})
	}
	if err := w.loadOnly(ctx, func(it *item) bool { return todo[it.Name] }); err != nil {
		return false, p.stopped(ctx)
	}
	site := p.openReadOnly(w)
	defer site.close()
	places := make(chan struct{}, p.Parallelism)
	var looks []func() (WorkspaceResult, error)
	for name := range todo {
		looks = append(looks, beside(func() (WorkspaceResult, error) {
			places <- struct{}{}
			defer func() { <-places }()
			if ctx.Err() != nil {
				return WorkspaceResult{}, p.stopped(ctx)
			}
			return p.looked(site.look(ctx, hard, w.items[name])), nil
		}))
	}
	for _, look := range looks {
		result, fault := look()
		if fault != nil {
			err = fault
			continue
		}
		p.report(result)
	}
	if ctx.Err() != nil {
		err = p.stopped(ctx)
	}
	return len(todo) > 0, err
}

// looked tells observers of a result.
func (p *pass) looked(result WorkspaceResult) WorkspaceResult {
	p.observe(Event{Workspace: result.Name, Phase: PhaseDone, Result: &result})
	return result
}

// unfitForDrift tells whether drift cannot be told from what a pass has yet to
// do, and gives the result that says so.
func (w *work) unfitForDrift(it *item) (WorkspaceResult, bool) {
	result := WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name, Stale: w.reasons(it)}}
	why := slices.Clone(result.Stale)
	if len(why) == 0 && it.record.Waiting != nil {
		why = append(why, "what its last run left undone was taken back")
	}
	for _, up := range w.graph.DependsOn(it.Name) {
		if w.items[up].record.Attempt != nil {
			why = append(why, "interrupted apply of its upstream "+up)
		}
	}
	switch {
	case it.hold != nil:
		result.Outcome, result.Error = state.Blocked, holdText(*it.hold)
		result.Suspended = it.hold.Kind == state.Suspended
	case len(why) > 0:
		result.Outcome = state.Skipped
		result.Error = "a pass is due first (" + strings.Join(why, ", ") + ")"
	default:
		return result, false
	}
	return result, true
}

// look plans one workspace, and records what that says of drift.
func (s *site) look(ctx, hard context.Context, it *item) WorkspaceResult {
	result := WorkspaceResult{RunWorkspace: state.RunWorkspace{Name: it.Name}}
	started := s.Now()
	plan, err := s.planOnly(ctx, hard, it)
	if err == nil {
		result.Warnings = plan.Warnings
		err = s.theirState(it, it.record, plan)
	}
	if err == nil {
		s.observe(Event{Workspace: it.Name, Phase: PhaseRecord})
		err = s.recordDrift(ctx, it, plan)
	} else if moved := s.appliedMeanwhile(ctx, it); moved != nil {
		err = moved // it may have read a state while that was written
	}
	result.DurationMS = s.Now().Sub(started).Milliseconds()
	switch {
	case errors.Is(err, errMeanwhile):
		result.Outcome, result.Error = state.Busy, err.Error()+": look again"
	case err != nil:
		result.Outcome, result.Error = madeOf(err), err.Error()
	case plan.Empty:
		result.Outcome = state.NoChanges
	default:
		result.Outcome, result.Plan = state.Drifted, plan.Text
		result.Changes, result.Digest = state.Changes(plan.Changes), plan.Digest
	}
	return result
}

// appliedMeanwhile is why a plan may be of what is no longer so: an upstream
// was applied since its record was read.
func (s *site) appliedMeanwhile(ctx context.Context, it *item) error {
	now, err := s.readUpstreams(ctx, it.Name)
	if err != nil {
		return err
	}
	for up, then := range s.work.upstreamsOf(it.Name) {
		if now[up].Counter != then.Counter || now[up].Attempt != nil {
			return fmt.Errorf("%s, upstream of %s: %w", up, it.Name, errMeanwhile)
		}
	}
	return nil
}

// recordDrift writes what a plan found, unless it may be of what is no longer
// so. Another tip that was adopted meanwhile takes nothing from it.
func (s *site) recordDrift(ctx context.Context, it *item, plan *terraform.Plan) error {
	if err := s.appliedMeanwhile(ctx, it); err != nil {
		return err
	}
	return s.underLease(ctx, 0, it.record, func(lease *state.Lease, rec state.Workspace) error {
		rec.Drift = &state.Drift{
			At: s.Now(), Found: !plan.Empty, Changes: state.Changes(plan.Changes), Digest: plan.Digest, Run: s.options.Run,
		}
		return lease.Write(ctx, rec)
	})
}

// keepDrift writes the history of a look that was taken, with the plans, and
// has people told of what it found.
func (p *pass) keepDrift(ctx context.Context, looked bool) {
	ctx, cancel := ownDeadline(ctx)
	defer cancel()
	records, err := p.Record.Workspaces(ctx)
	if err != nil {
		p.log.Warn("what has drifted is not told", "error", err)
		return
	}
	p.result.Drifted = drifted(records)
	if !looked {
		return
	}
	p.putRun(ctx)
	for _, w := range p.result.Workspaces {
		if w.Plan == "" {
			continue
		}
		if err := p.Snapshots.PutLog(ctx, p.result.Run, w.Name, strings.NewReader(w.Plan)); err != nil {
			p.log.Warn("the plan of this workspace could not be kept", "workspace", w.Name, "error", err)
		}
	}
}

// drifted are the workspaces that are known to have drifted, sorted.
func drifted(records map[string]state.Workspace) []string {
	names := []string{}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		if d := records[name].Drift; d != nil && d.Found {
			names = append(names, name)
		}
	}
	return names
}
