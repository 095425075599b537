package reconciler

import (
	"context"
	"errors"
	"time"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// noteTip notes when this pass saw a tip first.
func (p *pass) noteTip(tip source.Tip) {
	p.polledAt = p.config.Now()
	if p.firstSeenTip != tip.Commit {
		p.firstSeenTip, p.firstSeenAt = tip.Commit, p.polledAt
	}
}

// updateOutOfSync keeps in a head that is about to be written since when the branch has
// been ahead of what is applied: since the first tip that any pass saw and
// that was not wholly applied, nor any after it.
func (p *pass) updateOutOfSync(head *state.Head, inSync bool) {
	switch {
	case inSync:
		head.OutOfSyncSince = time.Time{}
	case head.OutOfSyncSince.IsZero():
		head.OutOfSyncSince = p.firstSeenAt
	}
	p.result.BehindSince = head.OutOfSyncSince
}

// recordOutOfSync has a tip count as seen that could not even be adopted, because
// it cannot be fetched, is not signed, or has settings that do not parse. The
// head is unsettled with it, so that a pass looks when the tip goes back.
func (p *pass) recordOutOfSync(ctx context.Context) {
	if p.firstSeenTip == "" {
		return
	}
	head, err := p.config.Record.Head(ctx)
	if err == nil && head.Rev != 0 && head.Commit != p.firstSeenTip && head.OutOfSyncSince.IsZero() {
		p.updateOutOfSync(&head, false)
		head.Settled, head.Run = false, p.result.Run
		_, err = p.config.Record.PutHead(ctx, head)
	}
	if err != nil && !errors.Is(err, state.ErrConflict) {
		p.run.log.Warn("since when the branch has been ahead could not be recorded", "error", err)
	}
}
