package inspect

import (
	"context"
	"maps"
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// RolloutStatus is a rollout as `reconcile rollout status -o json` prints it.
type RolloutStatus struct {
	Workspace string             `json:"workspace"`
	Run       runid.ID           `json:"run"` // that began it
	Commit    commitid.ID        `json:"commit"`
	Target    plandigest.Digest  `json:"target"` // digest of the plan at 100
	Active    bool               `json:"active"` // it is under way
	Phase     state.RolloutPhase `json:"phase"`
	Number    int                `json:"number"` // in force
	Next      int                `json:"next"`
	Steps     []int              `json:"steps"`
	BeganAt   time.Time          `json:"began_at"`
	Since     time.Time          `json:"since"`
	// SoakEnds is when the number in force was watched for long enough; nil: it is not watched.
	SoakEnds *time.Time          `json:"soak_ends,omitempty"`
	Reason   string              `json:"why,omitempty"`
	By       string              `json:"by,omitempty"`
	Order    *RolloutOrderStatus `json:"order,omitempty"` // that no run has followed yet
	Approval *state.ApprovalFact `json:"approval,omitempty"`
	// Shares are the outputs at Number that the settings name and that are maps of numbers.
	Shares   map[string]map[string]float64 `json:"shares,omitempty"`
	Alarms   []run.AlarmReading            `json:"alarms"`
	Verdicts []state.RolloutVerdict        `json:"verdicts"`
	Text     string                        `json:"text"`
}

// RolloutOrderStatus is a person's order that no run has followed yet.
type RolloutOrderStatus struct {
	Kind   state.RolloutOrderKind `json:"kind"`
	By     string                 `json:"by"`
	Reason string                 `json:"why,omitempty"`
	At     time.Time              `json:"at"`
}

// ReadRollouts returns the rollouts that are under way, and the last one of each workspace that has
// none; with a name, of that workspace only. It reads the alarms of those that are under way.
func ReadRollouts(ctx context.Context, c run.Config, name string) ([]RolloutStatus, error) {
	c.SetDefaults()
	records, err := c.Record.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	orders, err := c.Record.RolloutOrders(ctx)
	if err != nil {
		return nil, err
	}
	list := []RolloutStatus{}
	for _, known := range slices.Sorted(maps.Keys(records)) {
		rec := records[known]
		if name != "" && known != name {
			continue
		}
		now := rec.Rollout
		if now == nil {
			now = rec.LastRollout
		}
		if now == nil {
			continue
		}
		s := newRolloutStatus(known, *now)
		if rec.Rollout == nil {
			s.markEnded(*now)
		}
		if order, given := orders[known]; given && s.Active && order.Rollout == now.Run {
			s.Order = &RolloutOrderStatus{Kind: order.Kind, By: order.By, Reason: order.Reason, At: order.At}
		}
		if s.Active {
			s.Alarms = append(s.Alarms, c.ReadAlarms(ctx, now.Strategy.Role, now.Strategy.Alarms)...)
		}
		list = append(list, s)
	}
	return list, nil
}

// newRolloutStatus describes a rollout that is under way.
func newRolloutStatus(workspace string, r state.Rollout) RolloutStatus {
	s := RolloutStatus{
		Workspace: workspace, Run: r.Run, Commit: r.Commit, Target: r.Target, Active: true, Phase: r.Phase, Number: r.Number, Next: r.Next,
		Steps: r.Strategy.Steps, BeganAt: r.BeganAt, Since: r.Since, Reason: r.Reason, By: r.By, Approval: r.Approval.Fact(),
		Alarms: []run.AlarmReading{}, Verdicts: slices.Concat([]state.RolloutVerdict{}, r.Verdicts), Text: rollout.Describe(r),
	}
	for output, text := range r.Outputs {
		if shares := rollout.Shares(text); len(shares) > 0 {
			if s.Shares == nil {
				s.Shares = map[string]map[string]float64{}
			}
			s.Shares[output] = shares
		}
	}
	if r.Phase == state.RolloutSoaking {
		ends := rollout.SoakEnds(r)
		s.SoakEnds = &ends
	}
	return s
}

// markEnded makes it the status of a rollout that is over: what it put in force may have changed.
func (s *RolloutStatus) markEnded(r state.Rollout) {
	s.Active, s.Shares, s.Text = false, nil, "no rollout is under way; the last one was of "+r.ShortCommit()
}
