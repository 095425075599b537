package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// passGate returns why a non-empty plan must wait for a person. A plan that was approved
// need not; its approval is consumed when the apply begins.
func (v *workspaceRun) passGate(ctx context.Context, plan *terraform.Plan) error {
	if text := gate.DescribeTightened(v.entry.Config, v.config.Gate); text != "" {
		v.result.Warnings = append(v.result.Warnings, text)
	}
	verdict, err := v.judge(ctx, plan)
	if err != nil {
		return err
	}
	v.result.Why, v.result.WhileServing = excerpt.Shorten(verdict.Why, maxWhy), verdict.WhileServing
	if err := v.checkReaders(ctx, plan); err != nil {
		return err
	}
	var why []string
	if v.result.Teardown != nil {
		why = append(why, gate.DescribeTeardown(plan, v.result.Teardown))
	}
	waits, err := v.checkApproval(ctx, plan, verdict)
	if err != nil {
		return err
	}
	why = append(why, waits...)
	if len(why) == 0 {
		return nil
	}
	v.approval = nil
	return &run.BlockedError{Reason: strings.Join(why, "; "), Replan: v.result.Teardown != nil || verdict.WhileServing}
}

// checkReaders notes in the result which readers must be applied before the plan.
func (v *workspaceRun) checkReaders(ctx context.Context, plan *terraform.Plan) error {
	if !gate.DeletesWhatReadersUse(plan) {
		return nil
	}
	records, err := v.config.Record.Workspaces(ctx)
	if err != nil {
		return err
	}
	v.result.Teardown = v.inventory.NewTeardown(v.entry.Dir.Name, records, plan.MadeOutputs)
	return nil
}

// explainPlanFailure explains the failure of a plan that needs an output of an upstream whose
// plan waits for this very workspace.
func (v *workspaceRun) explainPlanFailure(err error) error {
	for _, up := range slices.Sorted(maps.Keys(v.upstreamsBefore)) {
		if rec := v.upstreamsBefore[up]; v.inventory.WaitsForReaders(rec) {
			err = gate.ExplainSplit(v.entry.Dir.Name, up, rec.Teardown, err)
		}
	}
	return err
}

// checkApproval returns why a plan waits for a person; nothing if it need not.
func (v *workspaceRun) checkApproval(ctx context.Context, plan *terraform.Plan, verdict gate.Verdict) ([]string, error) {
	if verdict.Why == "" {
		return nil, nil
	}
	if err := v.readApprovals(ctx); err != nil {
		return nil, err
	}
	v.approval, v.void = gate.FindApproval(v.approvals, plan, verdict.Changes, v.config.Now())
	if v.approval != nil && !verdict.Forbidden {
		return nil, nil
	}
	why := []string{gate.DescribeWait(v.entry.Dir.Name, verdict, plan)}
	for _, a := range v.void {
		why = append(why, gate.DescribeVoid(a, plan, verdict.Changes, v.config.Now()))
	}
	if !verdict.Forbidden {
		v.offer = v.newOfferedPlan(plan)
	}
	return why, nil
}

// maxWhy bounds why a plan waits in the record, in bytes.
const maxWhy = 4 << 10

func (v *workspaceRun) newOfferedPlan(plan *terraform.Plan) *state.OfferedPlan {
	return &state.OfferedPlan{
		Workspace: v.entry.Dir.Name, Digest: plan.Digest, Risk: v.result.Risk, Why: v.result.Why,
		Run: v.run.Options.Run, OfferedAt: v.config.Now(), Difference: plan.Difference,
	}
}

// readApprovals reads the approvals of this workspace once.
func (v *workspaceRun) readApprovals(ctx context.Context) error {
	if v.approvals != nil {
		return nil
	}
	all, err := v.config.ReadApprovals(ctx)
	if err != nil {
		return err
	}
	v.approvals = append([]state.Approval{}, all[v.entry.Dir.Name]...)
	return nil
}

// listValidApprovals returns the approvals that a blocked workspace keeps.
func (v *workspaceRun) listValidApprovals(ctx context.Context) []state.Approval {
	if err := v.readApprovals(ctx); err != nil {
		v.log.Warn("could not read the approvals; the next pass plans again", "error", err)
	}
	return slices.DeleteFunc(slices.Clone(v.approvals), func(a state.Approval) bool {
		return slices.ContainsFunc(v.void, func(b state.Approval) bool { return a.Digest == b.Digest })
	})
}

// explainApprovalGone turns the error of an apply that could not begin, because its
// approval was revoked or used, into the wait for another.
func (v *workspaceRun) explainApprovalGone(plan *terraform.Plan, err error) error {
	if !errors.Is(err, state.ErrApprovalGone) {
		return err
	}
	v.offer, v.approvals, v.approval = v.newOfferedPlan(plan), nil, nil
	verdict := gate.Judge(v.entry.Config, v.config.Gate, plan)
	return &run.BlockedError{Reason: fmt.Sprintf("%s; %s", gate.DescribeWait(v.entry.Dir.Name, verdict, plan), state.ErrApprovalGone)}
}

// writeFailure records a run that failed or is blocked. A plan that waits for an approval
// becomes the one that people can approve.
func (v *workspaceRun) writeFailure(ctx context.Context) error {
	if v.offer != nil && v.record.Outcome == state.Blocked {
		return v.lease.WriteWaiting(ctx, v.record, *v.offer, v.void)
	}
	return v.lease.Write(ctx, v.record)
}
