package reconciler

import (
	"context"
	"errors"
	"slices"
	"strings"

	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// Plan returns what a pass would do, and changes nothing: it adopts, records and leases
// nothing, and does not take Terraform's state lock. Readers of a workspace with
// changes are planned against its current outputs.
func (r *Reconciler) Plan(ctx, killCtx context.Context, o run.Options) (*run.Result, error) {
	thisRun := run.New(&r.config, o)
	result := thisRun.Result
	w, err := inventoryAtTip(ctx, &r.config)
	if err != nil {
		return result, err
	}
	defer r.config.CloseCommit(w.commit)
	result.From, result.To = w.head.Commit, w.commit.ID
	for _, text := range w.settings.Warnings() {
		thisRun.Warn(text)
	}
	if err := w.checkNotEmpty(); err != nil {
		return result, err
	}
	if err := w.checkNames(o.Only); err != nil {
		return result, err
	}
	s := w.schedule(o.Only, o.Replan)
	checkout := newReadOnlyCheckout(thisRun, w)
	defer checkout.close()
	announceWaiting(thisRun, s)
	for _, name := range w.graph.Order() {
		if ctx.Err() != nil {
			return result, thisRun.StopError(ctx)
		}
		entry := w.entries[name]
		planned := run.WorkspaceResult{Name: name, Outcome: state.Unchanged}
		if s.candidates[name] && (s.alone || len(w.staleReasons(entry)) > 0) {
			planned = checkout.planWorkspace(ctx, killCtx, entry)
		}
		if s.candidates[name] || !s.alone {
			entry.result = &planned
			result.Add(planned)
			thisRun.Emit(run.Event{Workspace: name, Phase: run.PhaseDone, Result: &planned})
		}
	}
	result.Finalize(nil)
	return result, nil
}

func (s *checkout) planWorkspace(ctx, killCtx context.Context, entry *workspaceEntry) run.WorkspaceResult {
	result := run.WorkspaceResult{Name: entry.dir.Name, StaleReasons: s.inventory.staleReasons(entry)}
	started := s.config.Now()
	plan, err := s.planOnly(ctx, killCtx, entry)
	if err == nil {
		err = s.checkState(entry, entry.record, plan)
	}
	result.DurationMS = s.config.Now().Sub(started).Milliseconds()
	result.Warnings = slices.Clone(s.inventory.load(entry).Warnings)
	if plan != nil && !plan.Empty {
		result.Plan, result.Changes, result.PlanDigest = plan.Text, state.Changes(plan.Changes), plan.Digest
	}
	if plan != nil {
		result.Warnings = append(result.Warnings, plan.Warnings...)
	}
	first := s.pendingUpstreams(entry.dir.Name)
	switch {
	case err != nil && run.ClassifyError(err) == state.Blocked:
		result.Outcome, result.Error = state.Blocked, err.Error()
	case err != nil && len(first) > 0:
		result.Outcome = state.Skipped
		result.Error = "cannot be planned before " + strings.Join(first, ", ") + " is applied"
	case err != nil:
		result.Outcome, result.Error = run.ClassifyError(err), err.Error()
	case plan.Empty:
		result.Outcome = state.NoChanges
	default:
		result.Outcome = state.Pending
		if why := gate(entry.config, plan); why != "" {
			result.Warnings = append(result.Warnings, why)
		}
	}
	if entry.hold != nil {
		result.Warnings = append(result.Warnings, describeHold(*entry.hold))
	}
	return result
}

// pendingUpstreams returns the upstreams that have, or may have, changes to apply.
func (s *checkout) pendingUpstreams(name string) []string {
	return slices.DeleteFunc(slices.Clone(s.inventory.graph.DependsOn(name)), func(up string) bool {
		r := s.inventory.entries[up].result
		return r == nil || r.Outcome != state.Pending && r.Outcome != state.Skipped && r.Outcome != state.Blocked
	})
}

func (s *checkout) planOnly(ctx, killCtx context.Context, entry *workspaceEntry) (plan *terraform.Plan, err error) {
	root, err := s.ensureLaidOut(ctx)
	if err != nil {
		return nil, err
	}
	tf, err := s.openTerraform(ctx)
	if err != nil {
		return nil, err
	}
	job, err := s.newJob(ctx, root, entry)
	if err != nil {
		return nil, err
	}
	job.ReadOnly = true
	if s.policy != nil {
		if entry.stateless {
			s.useEmptyState(&job)
		}
		if err := s.writeUpstreamOutputs(root, entry); err != nil {
			return nil, err
		}
	}
	if job.Sensitive, err = s.collectSensitiveValues(ctx, s.inventory.upstreamsOf(entry.dir.Name)); err != nil {
		return nil, err
	}
	if _, err := s.restoreInputs(ctx, root, entry, true); err != nil {
		return nil, err
	}
	session := tf.Open(killCtx, job)
	defer func() { err = errors.Join(err, session.Close()) }()
	s.run.Emit(run.Event{Workspace: entry.dir.Name, Phase: run.PhaseInit})
	entry.linkMu.Lock()
	err = session.Init(ctx)
	entry.linkMu.Unlock()
	if err != nil {
		return nil, err
	}
	for _, up := range s.inventory.graph.DependsOn(entry.dir.Name) {
		link := &s.inventory.entries[up].linkMu
		link.RLock()
		defer link.RUnlock()
	}
	s.run.Emit(run.Event{Workspace: entry.dir.Name, Phase: run.PhasePlan})
	return session.Plan(ctx)
}
