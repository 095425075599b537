package reconciler

import (
	"context"
	"errors"
	"time"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// noteTip records when this pass first saw the tip.
func (p *pass) noteTip(tip source.Tip) {
	p.polledAt = p.config.Now()
	if p.firstSeenTip != tip.Commit {
		p.firstSeenTip, p.firstSeenAt = tip.Commit, p.polledAt
	}
}

// updateOutOfSync sets head.OutOfSyncSince: when any pass first saw a tip that was not
// fully applied. Later tips that are not applied either do not change it.
func (p *pass) updateOutOfSync(head *state.Head, inSync bool) {
	switch {
	case inSync:
		head.OutOfSyncSince = time.Time{}
	case head.OutOfSyncSince.IsZero():
		head.OutOfSyncSince = p.firstSeenAt
	}
	p.result.BehindSince = head.OutOfSyncSince
}

// recordOutOfSync records when the tip was first seen even if it could not be adopted
// (not fetchable, not signed, or invalid settings). The head becomes unsettled, so that
// a pass runs again if the tip goes back.
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
		p.run.Log.Warn("could not record out-of-sync time", "error", err)
	}
}
