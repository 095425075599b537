package worker

import (
	"bytes"
	"context"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// session is Terraform at work on the workspace, and what it may leave behind.
type session struct {
	root      string          // of the checkout
	program   run.Terraform   // nil: not opened yet
	terraform run.Session     // nil: not opened yet, or closed
	killCtx   context.Context // ends when Terraform must be killed
	output    *excerpt.Buffer // redacted

	lockSince       time.Time // since when Terraform may hold the state lock; zero: it does not
	processesRemain bool      // they could not be ended
}

// openSession opens Terraform on the workspace in the checkout.
func (wr *workspaceRun) openSession(ctx context.Context) error {
	program, err := wr.checkout.OpenTerraform(ctx)
	if err != nil {
		return err
	}
	warning, err := gate.CheckVersion(wr.record, program)
	if err != nil {
		return err
	}
	if warning != "" {
		wr.result.Warnings = append(wr.result.Warnings, warning)
	}
	spec, err := wr.checkout.NewSpec(ctx, wr.session.root, wr.entry)
	if err != nil {
		return err
	}
	spec.Log, spec.PreviousRuns = wr.session.output, runIDs(wr.lease.PreviousHolders())
	if spec.Sensitive, err = collectSensitive(ctx, wr.inventory, wr.entry, wr.record, wr.upstreamsBefore); err != nil {
		return err
	}
	spec.SensitiveNow = collectSensitiveNow(wr.run, wr.inventory, wr.entry, wr.record, wr.upstreamsBefore)
	wr.session.program, wr.session.terraform = program, program.Open(wr.session.killCtx, spec)
	return nil
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

// close ends the processes of Terraform; a second call does nothing.
func (s *session) close() error {
	if s.terraform == nil {
		return nil
	}
	err := s.terraform.Close()
	s.terraform, s.processesRemain = nil, err != nil
	return err
}

func (wr *workspaceRun) storeLog(ctx context.Context) {
	if wr.session.output.Len() == 0 {
		return
	}
	ctx, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := wr.config.Snapshots.PutLog(ctx, wr.run.Options.Run, wr.entry.Dir.Name, bytes.NewReader(wr.session.output.Bytes())); err != nil {
		wr.log.Warn("could not store the log of this workspace", "error", err)
	}
}

// storeLockFile stores the dependency lock file that init generated, if none is
// committed: it shows which providers were used.
func (wr *workspaceRun) storeLockFile(ctx context.Context) {
	made := wr.session.terraform.GeneratedLockFile()
	if len(made) == 0 {
		return
	}
	if _, err := wr.config.Snapshots.PutFile(ctx, wr.run.Options.Run, wr.entry.Dir.Name, ".terraform.lock.hcl", bytes.NewReader(made)); err != nil {
		wr.log.Warn("could not store the lock file that init generated", "error", err)
	}
}
