package worker

import (
	"bytes"
	"context"

	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// openSession opens Terraform on the workspace in the checkout.
func (wr *workspaceRun) openSession(ctx context.Context, root string) (run.Terraform, error) {
	tf, err := wr.checkout.OpenTerraform(ctx)
	if err != nil {
		return nil, err
	}
	warning, err := gate.CheckVersion(wr.record, tf)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		wr.result.Warnings = append(wr.result.Warnings, warning)
	}
	spec, err := wr.checkout.NewSpec(ctx, root, wr.entry)
	if err != nil {
		return nil, err
	}
	spec.Log, spec.PreviousRuns = wr.output, runIDs(wr.lease.PreviousHolders())
	if spec.Sensitive, err = collectSensitive(ctx, wr.inventory, wr.entry, wr.record, wr.upstreamsBefore); err != nil {
		return nil, err
	}
	spec.SensitiveNow = collectSensitiveNow(wr.run, wr.inventory, wr.entry, wr.record, wr.upstreamsBefore)
	wr.session = tf.Open(wr.killCtx, spec)
	return tf, nil
}

// notePlan puts a plan into the result.
func (wr *workspaceRun) notePlan(plan *terraform.Plan) {
	var recorded state.TerraformState
	if wr.record.State != nil {
		recorded = *wr.record.State
	}
	wr.record.OutputsUnknown = state.TerraformState(plan.State) != recorded
	wr.result.Changes, wr.result.PlanDigest, wr.result.Risk = state.Changes(plan.Changes), plan.Digest, plan.Risk.Risk.String()
	wr.result.Risks = run.RisksOf(plan.Risk)
	wr.result.Warnings = append(wr.result.Warnings, plan.Warnings...)
}

// closeSession ends the processes of Terraform; a second call does nothing.
func (wr *workspaceRun) closeSession() error {
	if wr.session == nil {
		return nil
	}
	err := wr.session.Close()
	wr.session, wr.processesRemain = nil, err != nil
	return err
}

func (wr *workspaceRun) storeLog(ctx context.Context) {
	if wr.output.Len() == 0 {
		return
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := wr.config.Snapshots.PutLog(ctx, wr.run.Options.Run, wr.entry.Dir.Name, bytes.NewReader(wr.output.Bytes())); err != nil {
		wr.log.Warn("could not store the log of this workspace", "error", err)
	}
}

// storeLockFile stores the dependency lock file that init generated, if none is
// committed: it shows which providers were used.
func (wr *workspaceRun) storeLockFile(ctx context.Context) {
	made := wr.session.GeneratedLockFile()
	if len(made) == 0 {
		return
	}
	if _, err := wr.config.Snapshots.PutFile(ctx, wr.run.Options.Run, wr.entry.Dir.Name, ".terraform.lock.hcl", bytes.NewReader(made)); err != nil {
		wr.log.Warn("could not store the lock file that init generated", "error", err)
	}
}
