package rollout

import (
	"fmt"
	"slices"
	"time"

	"reconcile/state"
)

// Close returns what the record keeps of a rollout that has ended.
func Close(r state.Rollout, now time.Time, how string) state.Rollout {
	r.Verdicts = slices.Clone(r.Verdicts)
	note(&r, now, how, "")
	r.Allowed, r.Phase, r.Since = nil, "", now
	return r
}

// Describe says where a rollout stands, for people.
func Describe(r state.Rollout) string {
	text := fmt.Sprintf("rollout of %s at %d of %d", r.Commit.Abbrev(), r.Number, r.Strategy.Steps[len(r.Strategy.Steps)-1])
	switch r.Phase {
	case state.RolloutSoaking:
		return text + ", watched until " + SoakEnds(r).UTC().Format("2006-01-02 15:04:05Z")
	case state.RolloutApplying:
		return fmt.Sprintf("%s, next %d", text, r.Next)
	case state.RolloutAborting:
		return fmt.Sprintf("%s, going back to %d: %s", text, r.Back, r.Reason)
	}
	return fmt.Sprintf("%s, %s: %s", text, r.Phase, r.Reason)
}
