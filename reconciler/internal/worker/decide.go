package worker

import (
	"context"
	"fmt"
	"maps"

	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// decide reads the record again, now under the lease, and reports whether the workspace
// is still stale. It reads the upstreams' records before the plan reads their states.
func (wr *workspaceRun) decide(ctx context.Context) (stale bool, err error) {
	if wr.record, _, err = wr.config.Record.Workspace(ctx, wr.entry.Dir.Name); err != nil {
		return false, fmt.Errorf("read the record of %s: %w", wr.entry.Dir.Name, err)
	}
	if wr.upstreamsBefore, err = wr.inventory.ReadUpstreams(ctx, wr.entry.Dir.Name); err != nil {
		return false, err
	}
	digests := wr.upstreamsBefore.Digests()
	wr.trace = wr.inventory.Trace(wr.entry, digests)
	if err := wr.readHold(ctx); err != nil {
		return false, err
	}
	if wr.result.StaleReasons, err = wr.listStaleReasons(ctx, digests); err != nil {
		return false, err
	}
	if len(wr.result.StaleReasons) == 0 {
		wr.result.Outcome = state.Unchanged
		return false, nil
	}
	if tried, err := wr.wasTriedMeanwhile(ctx); err != nil {
		return false, err
	} else if tried {
		wr.result.Outcome, wr.result.Error = wr.record.Outcome, wr.record.Error
		wr.result.CopyPlan(wr.record)
		return false, nil
	}
	wr.result.Warnings = append(wr.result.Warnings, wr.inventory.Load(wr.entry).Warnings...)
	if a := wr.record.Attempt; a != nil && !a.HasEnded {
		wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf(
			"the apply that run %s started at %s was interrupted: it may have created resources that are not in Terraform's state; look for them",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z")))
	}
	return true, nil
}

// listStaleReasons returns why the workspace is stale, with these digests of its upstreams'
// outputs; none if it is not.
func (wr *workspaceRun) listStaleReasons(ctx context.Context, digests map[string]string) ([]string, error) {
	reasons := wr.inventory.OwnReasons(wr.entry, wr.record)
	if wr.record.Trace != nil {
		reasons = append(reasons, wr.inventory.UpstreamReasons(wr.entry.Dir.Name, wr.record.Trace, digests)...)
	}
	switch {
	case len(reasons) > 0:
		return reasons, nil
	case wr.run.Options.Replan:
		return []string{run.ReplanReason}, nil
	}
	if err := wr.readApprovals(ctx); err != nil {
		return nil, err
	}
	return inventory.ApprovedReasons(wr.record, wr.approvals.all, wr.config.Now()), nil
}

// wasTriedMeanwhile reports whether another run has tried these inputs without success
// since this pass read the record. An immediate second try would only repeat it.
func (wr *workspaceRun) wasTriedMeanwhile(ctx context.Context) (bool, error) {
	o, rec := wr.run.Options, wr.record
	isTried := rec.Rev != wr.entry.Record.Rev && rec.PendingInputs != nil && (rec.Outcome == state.Failed || rec.Outcome == state.Blocked)
	if !isTried || rec.Rollout != nil || o.Replan || o.Adopt {
		return false, nil
	}
	if rec.Outcome == state.Blocked {
		if err := wr.readApprovals(ctx); err != nil {
			return false, err
		}
	}
	return maps.Equal(rec.PendingInputs, gate.PendingInputs(wr.entry.Config, wr.config.Gate, wr.trace, wr.approvals.all)), nil
}
