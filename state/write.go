package state

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/shell"
)

// BeginApply records that an apply of ws is about to start; ws has its Attempt. The error
// is ErrTipMoved if the record has adopted another tip, ErrLeaseLost if the lease is not
// ours, and ErrApprovalGone if the attempt's approval is not there any more. The approval
// is consumed. After an error nothing may be started.
//
// ws is what Record.Workspace returned under this lease, with changes. Before later
// writes of the same workspace under this lease, the caller need not read it again.
func (l *Lease) BeginApply(ctx context.Context, ws Workspace) error {
	if l.ctx.Err() != nil {
		return fmt.Errorf("record the start of the apply of workspace %s: %w", ws.Name, context.Cause(l.ctx))
	}
	checks := []Op{l.ownedCheck()}
	if l.request.Generation != 0 {
		checks = append(checks, l.record.generationCheck(l.request.Generation))
	}
	err := l.put(ctx, "record the start of the apply of", ws, append(checks, l.consumeOps(ws)...)...)
	return l.classifyApproval(ctx, ws, l.record.classifyConflict(ctx, l.request, err))
}

// Write records the result of ws. The lease must be ours (else ErrLeaseLost), but the tip
// may have moved: what was done is recorded all the same. After an error that leaves open
// whether ws was written, Write may be called again.
func (l *Lease) Write(ctx context.Context, ws Workspace) error {
	return l.put(ctx, "record", ws, l.ownedCheck())
}

// WriteAndRelease does what Write and Release do, in one transaction. After an error the lease is
// not renewed any more, but WriteAndRelease and Release may be called again.
func (l *Lease) WriteAndRelease(ctx context.Context, ws Workspace) error {
	op, err := l.releaseOp()
	if err != nil {
		return err
	}
	return l.put(ctx, "record", ws, op)
}

// put writes ws in one transaction with ops, which must at least check the lease.
func (l *Lease) put(ctx context.Context, doing string, ws Workspace, ops ...Op) error {
	puts, ws, err := l.record.workspaceOps(l.refreshRev(ws))
	var holds []Op
	if err == nil {
		holds, err = l.holdOps(ctx)
	}
	if err == nil {
		err = l.record.write(ctx, verifyStored[Workspace](l.record, puts[0].Key, puts[0].Put), slices.Concat(puts, ops, holds)...)
	}
	if err != nil {
		return fmt.Errorf("%s workspace %s: %w", doing, ws.Name, l.classifyConflict(ctx, err))
	}
	l.noteWritten(ws)
	return nil
}

// CheckStorable reports, by its error, why ws cannot be stored under this lease. It
// writes nothing.
func (l *Lease) CheckStorable(ws Workspace) error {
	ops, ws, err := l.record.workspaceOps(l.refreshRev(ws))
	if err == nil {
		err = CheckOps(append(ops, l.ownedCheck()))
	}
	if err != nil {
		return fmt.Errorf("record workspace %s: %w", ws.Name, err)
	}
	return nil
}

// Rename moves the record of from, as read under this lease, and its hold to a new name.
// Nothing stays under the old name, which the record keeps among FormerNames.
func (l *Lease) Rename(ctx context.Context, from, to Workspace) error {
	ops, to, err := l.renameOps(ctx, from, to)
	if err == nil {
		err = l.record.write(ctx, verifyStored[Workspace](l.record, ops[0].Key, ops[0].Put), ops...)
	}
	if err != nil {
		return fmt.Errorf("rename workspace %s to %s: %w", from.Name, to.Name, l.classifyConflict(ctx, err))
	}
	l.noteWritten(to)
	l.noteWritten(Workspace{Name: from.Name})
	return nil
}

// Forget deletes the record of ws, as read under this lease, and its hold. What is gone already
// is no error.
func (l *Lease) Forget(ctx context.Context, ws Workspace) error {
	ws = l.refreshRev(ws)
	key := l.record.key(ws.sortKey())
	ops := append([]Op{{Key: key, If: sameRev(ws.Rev), Delete: true}, l.ownedCheck()}, l.record.deletePartsOps(ws.Name, 0, ws.Parts)...)
	hold, held, err := get[Hold](ctx, l.record, l.record.key(holdPrefix+ws.Name))
	if held {
		ops = append(ops, Op{Key: l.record.key(hold.sortKey()), If: sameHold(hold), Delete: true})
	}
	if err == nil {
		isGone := func(ctx context.Context) (bool, error) {
			_, found, err := get[Workspace](ctx, l.record, key)
			return !found, err
		}
		err = l.record.write(ctx, isGone, ops...)
	}
	if err != nil {
		return fmt.Errorf("forget workspace %s: %w", ws.Name, l.classifyConflict(ctx, err))
	}
	l.noteWritten(Workspace{Name: ws.Name})
	return nil
}

func (l *Lease) renameOps(ctx context.Context, from, to Workspace) ([]Op, Workspace, error) {
	// The new name may have a tombstone.
	existing, _, err := l.record.Workspace(ctx, to.Name)
	if err != nil {
		return nil, to, err
	}
	to.Rev, to.Parts = existing.Rev, existing.Parts
	to.FormerNames = appendFormer(to.FormerNames, to.Name, from.Name)
	ops, to, err := l.record.workspaceOps(to)
	if err != nil {
		return nil, to, err
	}
	from = l.refreshRev(from)
	if from.Rev == 0 {
		return nil, to, fmt.Errorf("there is no record of %s: %w", from.Name, ErrConflict)
	}
	deleteOld := Op{Key: l.record.key(from.sortKey()), If: sameRev(from.Rev), Delete: true}
	ops = append(append(ops, deleteOld, l.ownedCheck()), l.record.deletePartsOps(from.Name, 0, from.Parts)...)
	hold, held, err := get[Hold](ctx, l.record, l.record.key(holdPrefix+from.Name))
	if err != nil || !held {
		return ops, to, err
	}
	deleteOldHold := Op{Key: l.record.key(hold.sortKey()), If: sameHold(hold), Delete: true}
	hold.Name = to.Name
	for _, name := range []string{shell.Quote(from.Name), from.Name} { // earlier versions did not quote it
		hold.Help = strings.ReplaceAll(hold.Help, "resume "+name+"`", "resume "+shell.Quote(to.Name)+"`")
	}
	value, err := encode(hold)
	return append(ops, deleteOldHold, Op{Key: l.record.key(hold.sortKey()), Put: value}), to, err
}

// sameRev returns the condition that the item has that Rev; 0: that there is none.
func sameRev(rev int64) Cond {
	if rev == 0 {
		return Cond{Absent: true}
	}
	return Cond{Equal: map[string]any{"rev": rev}}
}

// refreshRev returns ws with the Rev and the Parts of the stored item: what this lease
// wrote last, else what the caller has read.
func (l *Lease) refreshRev(ws Workspace) Workspace {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.lastWritten[ws.Name]; ok {
		ws.Rev, ws.Parts = last.rev, last.parts
	}
	return ws
}

func (l *Lease) noteWritten(ws Workspace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastWritten[ws.Name] = itemVersion{ws.Rev, ws.Parts}
}

// classifyConflict finds which condition of a write under the lease did not hold.
func (l *Lease) classifyConflict(ctx context.Context, err error) error {
	if !errors.Is(err, ErrConflict) {
		return err
	}
	cleanupCtx, cancel := l.record.cleanupContext(ctx)
	defer cancel()
	current, held, readErr := l.reload(cleanupCtx)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if !held {
		return l.markLost(describeHolder(current))
	}
	return err
}
