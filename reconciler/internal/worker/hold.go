package worker

import (
	"context"
	"fmt"
	"strings"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// holdSnapshot makes the writes of the record hold the workspace, if it is applied from a
// snapshot that a person named: the next pass must not undo that.
func (wr *workspaceRun) holdSnapshot() {
	if wr.run.Options.Snapshot == "" {
		return
	}
	values := wr.inventory.Settings.ValuesOf(wr.entry.Dir.Name)
	reason := "applied from the snapshot of " + wr.inventory.Commit.String()
	if len(values) > 0 {
		reason += " with " + strings.Join(values, ", ")
	}
	wr.lease.SetHold(state.Hold{
		Name: wr.entry.Dir.Name, Kind: state.Suspended, Reason: reason,
		Help:     fmt.Sprintf("it ends by itself when a commit of %s plans no change; `reconcile resume %s` lets passes apply the branch as it is", wr.config.Branch, shell.Quote(wr.entry.Dir.Name)),
		PlacedBy: wr.config.Record.Process().User, PlacedAt: wr.config.Now().UTC(),
		Snapshot: wr.inventory.Commit.ID, Values: values,
	})
}

// warnOfHold says that the workspace is held now.
func (wr *workspaceRun) warnOfHold() {
	if wr.run.Options.Snapshot != "" {
		wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf("it is held: passes leave it until a commit of %s says the same", wr.config.Branch))
	}
}

// readHold notes the hold of a snapshot. It is read again if another run wrote the record
// meanwhile, since that may have been the apply of a snapshot.
func (wr *workspaceRun) readHold(ctx context.Context) error {
	wr.snapshotHold = wr.entry.Hold
	if wr.record.Rev != wr.entry.Record.Rev {
		holds, err := wr.config.Record.Holds(ctx)
		if err != nil {
			return err
		}
		wr.snapshotHold = nil
		if hold, ok := holds[wr.entry.Dir.Name]; ok {
			wr.snapshotHold = &hold
		}
	}
	if wr.snapshotHold != nil && !wr.snapshotHold.IsOfSnapshot() {
		wr.snapshotHold = nil // the pass has decided about others
	}
	return nil
}

// checkHold returns why a plan that is not empty must not be applied: it would undo what was
// applied from a snapshot.
func (wr *workspaceRun) checkHold() error {
	if wr.snapshotHold == nil || wr.run.Options.Snapshot != "" {
		return nil
	}
	return &run.BlockedError{HasHold: true, Reason: fmt.Sprintf("commit %s does not say what was applied; %s",
		wr.inventory.Commit, inventory.DescribeHold(*wr.snapshotHold))}
}
