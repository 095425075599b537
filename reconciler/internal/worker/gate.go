package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/internal/failure"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// approvals are what people have approved of the workspace, and what the gate makes of it.
type approvals struct {
	all   []state.Approval   // that no apply has used; nil: not read
	match *state.Approval    // allows the plan; nil: none does, or the plan needs none
	void  []state.Approval   // of another plan, or too old: to be removed
	offer *state.OfferedPlan // the plan, if it waits for an approval
}

// passGate returns why a non-empty plan must wait for a person. A plan that was approved
// need not; its approval is consumed when the apply begins.
func (wr *workspaceRun) passGate(ctx context.Context, plan *terraform.Plan) error {
	if text := gate.DescribeTightened(wr.entry.Config, wr.config.Gate); text != "" {
		wr.result.Warnings = append(wr.result.Warnings, text)
	}
	verdict, err := wr.judge(ctx, plan)
	if err != nil {
		return err
	}
	wr.result.Why, wr.result.WhileServing = excerpt.Shorten(verdict.Why, maxWhy), verdict.WhileServing
	if err := wr.checkReaders(ctx, plan); err != nil {
		return err
	}
	var why []string
	if wr.result.Teardown != nil {
		why = append(why, gate.DescribeTeardown(plan, wr.result.Teardown))
	}
	waits, err := wr.checkApproval(ctx, plan, verdict)
	if err != nil {
		return err
	}
	why = append(why, waits...)
	if len(why) == 0 {
		return nil
	}
	wr.approvals.match = nil
	return &run.BlockedError{Reason: strings.Join(why, "; "), Replan: wr.result.Teardown != nil || verdict.WhileServing}
}

// checkReaders notes in the result which readers must be applied before the plan.
func (wr *workspaceRun) checkReaders(ctx context.Context, plan *terraform.Plan) error {
	if !gate.DeletesWhatReadersUse(plan) {
		return nil
	}
	records, err := wr.config.Record.Workspaces(ctx)
	if err != nil {
		return err
	}
	wr.result.Teardown = wr.inventory.NewTeardown(wr.entry.Dir.Name, records, plan.MadeOutputs)
	return nil
}

// explainPlanFailure explains the failure of a plan that needs an output of an upstream whose
// plan waits for this very workspace.
func (wr *workspaceRun) explainPlanFailure(err error) error {
	for _, up := range slices.Sorted(maps.Keys(wr.upstreamsBefore)) {
		if rec := wr.upstreamsBefore[up]; wr.inventory.WaitsForReaders(rec) {
			err = gate.ExplainSplit(wr.entry.Dir.Name, up, rec.Teardown, err)
		}
	}
	return err
}

// checkApproval returns why a plan waits for a person; nothing if it need not.
func (wr *workspaceRun) checkApproval(ctx context.Context, plan *terraform.Plan, verdict gate.Verdict) ([]string, error) {
	if verdict.Why == "" {
		return nil, nil
	}
	if err := wr.readApprovals(ctx); err != nil {
		return nil, err
	}
	given := &wr.approvals
	given.match, given.void = gate.FindApproval(given.all, plan, verdict.Changes, wr.config.Now())
	if given.match != nil && !verdict.Forbidden {
		return nil, nil
	}
	why := []string{gate.DescribeWait(wr.entry.Dir.Name, verdict, plan)}
	for _, a := range given.void {
		why = append(why, gate.DescribeVoid(a, plan, verdict.Changes, wr.config.Now()))
	}
	if !verdict.Forbidden {
		given.offer = wr.newOfferedPlan(plan)
	}
	return why, nil
}

// maxWhy bounds why a plan waits in the record, in bytes.
const maxWhy = 4 << 10

func (wr *workspaceRun) newOfferedPlan(plan *terraform.Plan) *state.OfferedPlan {
	return &state.OfferedPlan{
		Workspace: wr.entry.Dir.Name, Digest: plan.Digest, Risk: wr.result.Risk, Why: wr.result.Why,
		Run: wr.run.Options.Run, OfferedAt: wr.config.Now(), Difference: plan.Difference,
	}
}

// readApprovals reads the approvals of this workspace once.
func (wr *workspaceRun) readApprovals(ctx context.Context) error {
	if wr.approvals.all != nil {
		return nil
	}
	all, err := wr.config.ReadApprovals(ctx)
	if err != nil {
		return err
	}
	wr.approvals.all = append([]state.Approval{}, all[wr.entry.Dir.Name]...)
	return nil
}

// listValidApprovals returns the approvals that a blocked workspace keeps.
func (wr *workspaceRun) listValidApprovals(ctx context.Context) []state.Approval {
	if err := wr.readApprovals(ctx); err != nil {
		wr.log.Warn("could not read the approvals; the next pass plans again", "error", err)
	}
	return slices.DeleteFunc(slices.Clone(wr.approvals.all), func(a state.Approval) bool {
		return slices.ContainsFunc(wr.approvals.void, func(b state.Approval) bool { return a.Digest == b.Digest })
	})
}

// explainApprovalGone turns the error of an apply that could not begin, because its
// approval was revoked or used, into the wait for another.
func (wr *workspaceRun) explainApprovalGone(plan *terraform.Plan, err error) error {
	if !errors.Is(err, state.ErrApprovalGone) {
		return err
	}
	wr.approvals.offer, wr.approvals.all, wr.approvals.match = wr.newOfferedPlan(plan), nil, nil
	verdict := gate.Judge(wr.entry.Config, wr.config.Gate, plan)
	return &run.BlockedError{Reason: fmt.Sprintf("%s; %s", gate.DescribeWait(wr.entry.Dir.Name, verdict, plan), state.ErrApprovalGone)}
}

// explainApprovalUsed adds to the error of an apply that was not started what became of its
// approval. It is not given back: somebody may have wanted to revoke it meanwhile.
func (wr *workspaceRun) explainApprovalUsed(err error) error {
	used := wr.approvals.match
	if used == nil {
		return err
	}
	return failure.WithNextStep(fmt.Sprintf("the approval of %s by %s is used: the plan of the next try waits for another one", used.Digest.Abbrev(), used.ApprovedBy), err)
}

// writeFailure records a run that failed or is blocked. A plan that waits for an approval
// becomes the one that people can approve.
func (wr *workspaceRun) writeFailure(ctx context.Context) error {
	if offer := wr.approvals.offer; offer != nil && wr.record.Outcome == state.Blocked {
		return wr.lease.WriteWaiting(ctx, wr.record, *offer, wr.approvals.void)
	}
	return wr.lease.Write(ctx, wr.record)
}
