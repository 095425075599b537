package reconciler

import (
	"context"
	"errors"
	"time"

	"reconcile/reconciler/source"
	"reconcile/state"
)

// sight notes when this pass saw a tip first.
func (p *pass) sight(tip source.Tip) {
	p.asked = p.Now()
	if p.sighted != tip.Commit {
		p.sighted, p.sightedAt = tip.Commit, p.asked
	}
}

// behind keeps in a head that is about to be written since when the branch has
// been ahead of what is applied: since the first tip that any pass saw and
// that was not wholly applied, nor any after it.
func (p *pass) behind(head *state.Head, inSync bool) {
	switch {
	case inSync:
		head.BehindSince = time.Time{}
	case head.BehindSince.IsZero():
		head.BehindSince = p.sightedAt
	}
	p.result.BehindSince = head.BehindSince
}

// keepBehind has a tip count as seen that could not even be adopted, because
// it cannot be fetched, is not signed, or has settings that do not parse. The
// head is unsettled with it, so that a pass looks when the tip goes back.
func (p *pass) keepBehind(ctx context.Context) {
	if p.sighted == "" {
		return
	}
	head, err := p.Record.Head(ctx)
	if err == nil && head.Rev != 0 && head.Commit != p.sighted && head.BehindSince.IsZero() {
		p.behind(&head, false)
		head.Settled, head.Run = false, p.result.Run
		_, err = p.Record.PutHead(ctx, head)
	}
	if err != nil && !errors.Is(err, state.ErrConflict) {
		p.log.Warn("since when the branch has been ahead could not be recorded", "error", err)
	}
}
