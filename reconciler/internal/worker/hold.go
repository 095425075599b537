package worker

import (
	"context"
	"fmt"
	"strings"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// holdSnapshot makes the writes of the record hold the workspace, if it is applied from a
// snapshot that a person named: the next pass must not undo that.
func (v *workspaceRun) holdSnapshot() {
	if v.run.Options.Snapshot == "" {
		return
	}
	values := v.inventory.Settings.ValuesOf(v.entry.Dir.Name)
	reason := "applied from the snapshot of " + v.inventory.Commit.String()
	if len(values) > 0 {
		reason += " with " + strings.Join(values, ", ")
	}
	v.lease.SetHold(state.Hold{
		Name: v.entry.Dir.Name, Kind: state.Suspended, Reason: reason,
		Help:     fmt.Sprintf("it ends by itself when a commit of %s plans no change; `reconcile resume %s` lets passes apply the branch as it is", v.config.Branch, v.entry.Dir.Name),
		PlacedBy: v.config.Record.Process().User, PlacedAt: v.config.Now().UTC(),
		Snapshot: v.inventory.Commit.ID, Values: values,
	})
}

// warnOfHold says that the workspace is held now.
func (v *workspaceRun) warnOfHold() {
	if v.run.Options.Snapshot != "" {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf("it is held: passes leave it until a commit of %s says the same", v.config.Branch))
	}
}

// readHold notes the hold of a snapshot. It is read again if another run wrote the record
// meanwhile, since that may have been the apply of a snapshot.
func (v *workspaceRun) readHold(ctx context.Context) error {
	v.hold = v.entry.Hold
	if v.record.Rev != v.entry.Record.Rev {
		holds, err := v.config.Record.Holds(ctx)
		if err != nil {
			return err
		}
		v.hold = nil
		if hold, ok := holds[v.entry.Dir.Name]; ok {
			v.hold = &hold
		}
	}
	if v.hold != nil && !v.hold.IsOfSnapshot() {
		v.hold = nil // the pass has decided about others
	}
	return nil
}

// checkHold returns why a plan that is not empty must not be applied: it would undo what was
// applied from a snapshot.
func (v *workspaceRun) checkHold() error {
	if v.hold == nil || v.run.Options.Snapshot != "" {
		return nil
	}
	return &run.BlockedError{HasHold: true, Reason: fmt.Sprintf("commit %s does not say what was applied; %s",
		v.inventory.Commit, inventory.DescribeHold(*v.hold))}
}
