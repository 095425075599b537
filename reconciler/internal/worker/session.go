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
func (v *workspaceRun) openSession(ctx context.Context, root string) (run.Terraform, error) {
	tf, err := v.checkout.OpenTerraform(ctx)
	if err != nil {
		return nil, err
	}
	warning, err := gate.CheckVersion(v.record, tf)
	if err != nil {
		return nil, err
	}
	if warning != "" {
		v.result.Warnings = append(v.result.Warnings, warning)
	}
	job, err := v.checkout.NewSpec(ctx, root, v.entry)
	if err != nil {
		return nil, err
	}
	job.Log, job.PreviousRuns = v.output, runIDs(v.lease.PreviousHolders())
	if job.Sensitive, err = collectSensitiveValues(ctx, v.config, v.upstreamsBefore); err != nil {
		return nil, err
	}
	job.SensitiveNow = collectSensitiveNow(v.run, v.inventory, v.entry.Dir.Name, v.upstreamsBefore)
	v.session = tf.Open(v.killCtx, job)
	return tf, nil
}

// notePlan puts a plan into the result.
func (v *workspaceRun) notePlan(plan *terraform.Plan) {
	var recorded state.TerraformState
	if v.record.State != nil {
		recorded = *v.record.State
	}
	v.record.OutputsUnknown = state.TerraformState(plan.State) != recorded
	v.result.Changes, v.result.PlanDigest, v.result.Risk = state.Changes(plan.Changes), plan.Digest, plan.Risk.Risk.String()
	v.result.Risks = run.RisksOf(plan.Risk)
	v.result.Warnings = append(v.result.Warnings, plan.Warnings...)
}

// closeSession ends the processes of Terraform; a second call does nothing.
func (v *workspaceRun) closeSession() error {
	if v.session == nil {
		return nil
	}
	err := v.session.Close()
	v.session, v.processesRemain = nil, err != nil
	return err
}

func (v *workspaceRun) storeLog(ctx context.Context) {
	if v.output.Len() == 0 {
		return
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := v.config.Snapshots.PutLog(ctx, v.run.Options.Run, v.entry.Dir.Name, bytes.NewReader(v.output.Bytes())); err != nil {
		v.log.Warn("could not store the log of this workspace", "error", err)
	}
}

// storeLockFile stores the dependency lock file that init generated, if none is
// committed: it shows which providers were used.
func (v *workspaceRun) storeLockFile(ctx context.Context) {
	made := v.session.GeneratedLockFile()
	if len(made) == 0 {
		return
	}
	if _, err := v.config.Snapshots.PutFile(ctx, v.run.Options.Run, v.entry.Dir.Name, ".terraform.lock.hcl", bytes.NewReader(made)); err != nil {
		v.log.Warn("could not store the lock file that init generated", "error", err)
	}
}
