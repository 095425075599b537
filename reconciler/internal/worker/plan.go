package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// PlanWorkspace plans a workspace and decides what a pass would do with the plan. It
// changes nothing.
func (w *Worker) PlanWorkspace(ctx, killCtx context.Context, entry *inventory.Entry) run.WorkspaceResult {
	result := run.WorkspaceResult{Name: entry.Dir.Name, StaleReasons: w.inventory.StaleReasons(entry)}
	started := w.config.Now()
	plan, err := w.Plan(ctx, killCtx, entry)
	if err == nil {
		err = checkState(ctx, w.declared, w.inventory, entry, entry.Record, plan)
	}
	result.DurationMS = w.config.Now().Sub(started).Milliseconds()
	result.Warnings = slices.Clone(w.inventory.Load(entry).Warnings)
	var verdict gate.Verdict
	if plan != nil {
		result.Warnings = append(result.Warnings, plan.Warnings...)
	}
	if plan != nil && !plan.Empty {
		verdict = w.judgePlan(&result, entry, plan)
	}
	switch {
	case err != nil:
		w.setPlanFailure(&result, entry, err)
	case plan.Empty:
		result.Outcome = state.NoChanges
	default:
		result.Outcome = state.Pending
		w.withholdUnapproved(&result, entry, plan, verdict)
	}
	if result.Outcome == state.Pending {
		for _, why := range w.listObstacles(entry) {
			result.Withheld = why
			result.Warnings = append(result.Warnings, why)
		}
	} else if entry.Hold != nil {
		result.Warnings = append(result.Warnings, inventory.DescribeHold(*entry.Hold))
	}
	return result
}

// judgePlan puts into a result what a plan changes, whether it would be applied in steps, and
// which readers it waits for. It returns the verdict of the gate.
func (w *Worker) judgePlan(result *run.WorkspaceResult, entry *inventory.Entry, plan *terraform.Plan) gate.Verdict {
	verdict := gate.JudgeServed(entry.Config, w.config.Gate, plan, ShareOf(w.inventory, entry, w.inventory.Records))
	result.Plan, result.Changes, result.PlanDigest = plan.Text, state.Changes(plan.Changes), plan.Digest
	result.Risk, result.Why, result.WhileServing = plan.Risk.Risk.String(), verdict.Why, verdict.WhileServing
	if p := entry.Config.Progressive; p != nil {
		ahead := withoutSteps
		if result.InSteps = !isFirstApply(entry.Record, plan); result.InSteps {
			ahead = rollout.DescribeAhead(p.Variable, p.Steps, entry.Record.KeptOutputs, plan.KeptOutputs)
		}
		result.Warnings = append(result.Warnings, ahead)
	}
	if gate.DeletesWhatReadersUse(plan) {
		result.Teardown = w.inventory.NewTeardown(entry.Dir.Name, w.inventory.RecordsOfEntries(), plan.MadeOutputs)
	}
	if result.Teardown != nil {
		result.Warnings = append(result.Warnings, gate.DescribeTeardown(plan, result.Teardown))
	}
	return verdict
}

// setPlanFailure puts into a result why the workspace has no plan that a pass would apply.
func (w *Worker) setPlanFailure(result *run.WorkspaceResult, entry *inventory.Entry, err error) {
	err = w.explainPlanFailure(entry.Dir.Name, err)
	first := w.pendingUpstreams(entry.Dir.Name)
	switch outcome := run.ClassifyError(err); {
	case errors.Is(err, terraform.ErrNoCLIWorkspace) && entry.Record.Trace == nil: // its first apply makes it
		result.Outcome = state.Pending
		result.Warnings = append(result.Warnings, err.Error())
	case outcome != state.Blocked && len(first) > 0:
		result.Outcome = state.Skipped
		result.Error = "cannot be planned before " + strings.Join(first, ", ") + " is applied"
	default:
		result.Outcome, result.Error = outcome, err.Error()
	}
}

// withholdUnapproved puts into a result what a person must approve, if the gate asks for that and
// nobody has.
func (w *Worker) withholdUnapproved(result *run.WorkspaceResult, entry *inventory.Entry, plan *terraform.Plan, verdict gate.Verdict) {
	approval, _ := gate.FindApproval(entry.Approvals, plan, verdict.Changes, w.config.Now())
	if verdict.Why == "" || approval != nil {
		return
	}
	if !verdict.Forbidden {
		result.Difference, result.ChangesToApprove, result.NeedsApprovalAsWhole = &plan.Difference, verdict.Changes, verdict.IsWhole
	}
	result.Withheld = gate.DescribeWithheld(verdict.Why, plan)
	result.Warnings = append(result.Warnings, result.Withheld)
}

// listObstacles returns why a pass would not apply a plan of the workspace now, whatever it
// changes: an upstream, a rollout, a hold.
func (w *Worker) listObstacles(entry *inventory.Entry) (obstacles []string) {
	if up := w.findWithheldUpstream(entry.Dir.Name); up != "" {
		obstacles = append(obstacles, "a pass would apply it only after its upstream "+up)
	}
	if r := entry.Record.Rollout; r != nil {
		obstacles = append(obstacles, fmt.Sprintf("a rollout of %s is under way, and passes take its steps: `reconcile rollout status %s` shows it", r.ShortCommit(), shell.Quote(entry.Dir.Name)))
	}
	if entry.Hold != nil {
		obstacles = append(obstacles, inventory.DescribeHold(*entry.Hold))
	}
	return obstacles
}

// explainPlanFailure explains the failure of a plan that needs an output of an upstream whose
// plan would wait for it.
func (w *Worker) explainPlanFailure(name string, err error) error {
	for _, up := range w.inventory.Graph.DependsOn(name) {
		if r := w.inventory.Entries[up].Result; r != nil && r.Teardown != nil {
			err = gate.ExplainSplit(name, up, r.Teardown, err)
		}
	}
	return err
}

// findWithheldUpstream returns an upstream that a pass would not apply, so that its readers would
// wait; "" for none. Workspaces that were named do not wait.
func (w *Worker) findWithheldUpstream(name string) string {
	if len(w.run.Options.Only) > 0 {
		return ""
	}
	for _, up := range w.inventory.Graph.DependsOn(name) {
		entry := w.inventory.Entries[up]
		held := entry.Hold != nil && len(w.inventory.StaleReasons(entry)) > 0
		if entry.Result != nil && entry.Result.WaitsForOthers() {
			continue // it waits for this one
		}
		if held || entry.Result != nil && entry.Result.Withheld != "" {
			return up
		}
	}
	return ""
}

// pendingUpstreams returns the upstreams that have, or may have, changes to apply.
func (w *Worker) pendingUpstreams(name string) []string {
	return slices.DeleteFunc(slices.Clone(w.inventory.Graph.DependsOn(name)), func(up string) bool {
		r := w.inventory.Entries[up].Result
		return r == nil || r.Outcome != state.Pending && r.Outcome != state.Skipped && r.Outcome != state.Blocked
	})
}

// Plan makes the plan of a workspace, without a lease and without Terraform's lock.
func (w *Worker) Plan(ctx, killCtx context.Context, entry *inventory.Entry) (plan *terraform.Plan, err error) {
	root, err := w.checkout.LayOut(ctx)
	if err != nil {
		return nil, err
	}
	leave, err := w.checkout.Enter(ctx, entry)
	if err != nil {
		return nil, err
	}
	defer leave()
	tf, err := w.checkout.OpenTerraform(ctx)
	if err != nil {
		return nil, err
	}
	spec, err := w.checkout.NewPlanSpec(ctx, root, entry)
	if err != nil {
		return nil, err
	}
	upstreams := w.inventory.UpstreamsOf(entry.Dir.Name)
	if spec.Sensitive, err = collectSensitive(ctx, w.inventory, entry, entry.Record, upstreams); err != nil {
		return nil, err
	}
	spec.SensitiveNow = collectSensitiveNow(w.run, w.inventory, entry, entry.Record, upstreams)
	if _, err := w.checkout.RestoreSearchedDirs(ctx, root, entry); err != nil {
		return nil, err
	}
	session := tf.Open(killCtx, spec)
	defer func() { err = errors.Join(err, session.Close()) }()
	w.run.Emit(run.Event{Workspace: entry.Dir.Name, Phase: run.PhaseInit})
	if err := w.checkout.Init(entry, func() error { return session.Init(ctx) }); err != nil {
		return nil, err
	}
	defer w.checkout.LockUpstreamStates(entry)()
	w.run.Emit(run.Event{Workspace: entry.Dir.Name, Phase: run.PhasePlan})
	return session.Plan(ctx)
}
