package state

import (
	"context"
	"errors"
	"fmt"
)

// Begin records that an apply of ws is about to start: ws has its Attempt. It
// is refused with ErrMoved when the record has adopted another tip, and with
// ErrLeaseLost when the lease is not ours: then nothing may be started.
//
// ws is what Record.Workspace returned under this lease, changed; later writes
// of the same workspace under this lease need not be read again first.
func (l *Lease) Begin(ctx context.Context, ws Workspace) error {
	if l.ctx.Err() != nil {
		return fmt.Errorf("begin an apply of workspace %s: %w", ws.Name, context.Cause(l.ctx))
	}
	checks := []Op{l.stillOurs()}
	if l.claim.Generation != 0 {
		checks = append(checks, l.record.sameGeneration(l.claim.Generation))
	}
	return l.record.explain(ctx, l.claim, l.put(ctx, "begin an apply of", ws, checks...))
}

// Write records what came of ws. The lease must be ours (else ErrLeaseLost),
// but the tip may have moved: what was done is recorded all the same. After an
// error that leaves it open whether ws was written, Write may be called again.
func (l *Lease) Write(ctx context.Context, ws Workspace) error {
	return l.put(ctx, "record", ws, l.stillOurs())
}

// Finish is Write and Release in one transaction. After an error the lease is
// renewed no more, but Finish and Release may be called again.
func (l *Lease) Finish(ctx context.Context, ws Workspace) error {
	free, err := l.freeing()
	if err != nil {
		return err
	}
	return l.put(ctx, "record", ws, free)
}

// put writes ws in one transaction with ops, which check the lease at least.
func (l *Lease) put(ctx context.Context, doing string, ws Workspace, ops ...Op) error {
	puts, ws, err := l.record.workspaceOps(l.current(ws))
	if err == nil {
		err = l.record.write(ctx, stored[Workspace](l.record, puts[0].Key, puts[0].Put), append(puts, ops...)...)
	}
	if err != nil {
		return fmt.Errorf("%s workspace %s: %w", doing, ws.Name, l.explain(ctx, err))
	}
	l.wrote(ws)
	return nil
}

// Fits tells whether ws, as it would be written under this lease, can be stored:
// the error says why not. Nothing is written.
func (l *Lease) Fits(ws Workspace) error {
	ops, ws, err := l.record.workspaceOps(l.current(ws))
	if err == nil {
		err = CheckOps(append(ops, l.stillOurs()))
	}
	if err != nil {
		return fmt.Errorf("record workspace %s: %w", ws.Name, err)
	}
	return nil
}

// Rename moves what is recorded of from, as read under this lease, to a new
// name, with the hold on it. Nothing is left under the old name.
func (l *Lease) Rename(ctx context.Context, from, to Workspace) error {
	ops, to, err := l.renaming(ctx, from, to)
	if err == nil {
		err = l.record.write(ctx, stored[Workspace](l.record, ops[0].Key, ops[0].Put), ops...)
	}
	if err != nil {
		return fmt.Errorf("rename workspace %s to %s: %w", from.Name, to.Name, l.explain(ctx, err))
	}
	l.wrote(to)
	l.wrote(Workspace{Name: from.Name})
	return nil
}

func (l *Lease) renaming(ctx context.Context, from, to Workspace) ([]Op, Workspace, error) {
	// A tombstone may lie under the new name.
	there, _, err := l.record.Workspace(ctx, to.Name)
	if err != nil {
		return nil, to, err
	}
	to.Rev, to.Parts = there.Rev, there.Parts
	ops, to, err := l.record.workspaceOps(to)
	if err != nil {
		return nil, to, err
	}
	from = l.current(from)
	if from.Rev == 0 {
		return nil, to, fmt.Errorf("nothing is recorded of %s: %w", from.Name, ErrConflict)
	}
	old := Op{Key: l.record.key(from.sk()), If: revision(from.Rev), Delete: true}
	ops = append(append(ops, old, l.stillOurs()), l.record.withoutParts(from.Name, 0, from.Parts)...)
	hold, held, err := get[Hold](ctx, l.record, l.record.key(holdPrefix+from.Name))
	if err != nil || !held {
		return ops, to, err
	}
	oldHold := Op{Key: l.record.key(hold.sk()), If: unchanged(true, hold), Delete: true}
	hold.Name = to.Name
	value, err := encode(hold)
	return append(ops, oldHold, Op{Key: l.record.key(hold.sk()), Put: value}), to, err
}

// revision is the condition that the item with that Rev is there; 0: none is.
func revision(rev int64) Cond {
	if rev == 0 {
		return Cond{Absent: true}
	}
	return Cond{Equal: map[string]any{"rev": rev}}
}

// current is ws with the Rev and the Parts of what is stored: what this lease
// wrote last, else what the caller has read.
func (l *Lease) current(ws Workspace) Workspace {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.last[ws.Name]; ok {
		ws.Rev, ws.Parts = last.rev, last.parts
	}
	return ws
}

func (l *Lease) wrote(ws Workspace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last[ws.Name] = written{ws.Rev, ws.Parts}
}

// explain tells which condition of a write under the lease did not hold.
func (l *Lease) explain(ctx context.Context, err error) error {
	if !errors.Is(err, ErrConflict) {
		return err
	}
	back, cancel := l.record.brief(ctx)
	defer cancel()
	now, held, readErr := l.mine(back)
	if readErr != nil {
		return errors.Join(err, readErr)
	}
	if !held {
		return l.lost("run " + now.Run + " holds it, or a person has freed it")
	}
	return err
}
