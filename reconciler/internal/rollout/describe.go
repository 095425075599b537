package rollout

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reconcile/internal/excerpt"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Close returns what the record keeps of a rollout that has ended.
func Close(r state.Rollout, now time.Time, how string) state.Rollout {
	r.Verdicts = slices.Clone(r.Verdicts)
	note(&r, now, how, "")
	r.Allowed, r.Phase, r.Since = nil, "", now
	return r
}

// Describe says where a rollout stands, for people: in results, in the record and in notices.
func Describe(r state.Rollout) string {
	text := fmt.Sprintf("rollout of %s at %d of %d", r.ShortCommit(), r.Number, r.Strategy.Steps[len(r.Strategy.Steps)-1])
	switch r.Phase {
	case state.RolloutSoaking:
		text += ", watched until " + SoakEnds(r).UTC().Format("2006-01-02 15:04:05Z")
	case state.RolloutApplying:
		text = fmt.Sprintf("%s, next %d", text, r.Next)
	case state.RolloutAborting:
		text = fmt.Sprintf("%s, going back to %d: %s", text, r.AbortTo, r.Reason)
	case state.RolloutStopped:
		text = fmt.Sprintf("%s, brought back and stopped: %s", text, r.Reason)
	default:
		text = fmt.Sprintf("%s, paused: %s", text, r.Reason)
	}
	for _, output := range slices.Sorted(maps.Keys(r.Outputs)) {
		if shares := Shares(r.Outputs[output]); len(shares) > 0 {
			text += fmt.Sprintf("; shares by output %s: %s", output, describeShares(shares))
		}
	}
	return text
}

// DescribeAhead says how a plan will be applied in steps, and which shares it moves: from the outputs
// of the last apply to those of the plan.
func DescribeAhead(variable string, steps []int, before, after map[string]string) string {
	text := fmt.Sprintf("a pass applies it in steps: %s = %s (at once if %[1]s changes nothing of it)", variable, strings.Trim(fmt.Sprint(steps), "[]"))
	for _, output := range slices.Sorted(maps.Keys(after)) {
		from, to := Shares(before[output]), Shares(after[output])
		if len(from) > 0 && len(to) > 0 && !maps.Equal(from, to) {
			text += fmt.Sprintf("; shares by output %s: %s, at the end %s", output, describeShares(from), describeShares(to))
		}
	}
	return text
}

// DescribeCheck says where a rollout stands, and what a check of it has found: the time that is
// left, and its alarms.
func DescribeCheck(r state.Rollout, f Observations) string {
	text := Describe(r)
	if left := SoakEnds(r).Sub(f.Now); r.Phase == state.RolloutSoaking && left > 0 {
		text += fmt.Sprintf("; time left: %s", left.Round(time.Second))
	}
	if alarms := listAlarms(f.Alarms); alarms != "" {
		text += "; alarms: " + alarms
	}
	return text
}

// listAlarms names alarms with their states.
func listAlarms(alarms []run.AlarmReading) string {
	var texts []string
	for _, a := range alarms {
		texts = append(texts, a.Name()+" "+string(a.State))
	}
	return excerpt.List(texts, maxNamed)
}

// maxShares is how many shares a sentence names.
const maxShares = 6

func describeShares(shares map[string]float64) string {
	var texts []string
	for _, side := range slices.Sorted(maps.Keys(shares)) {
		texts = append(texts, fmt.Sprintf("%s = %v", side, shares[side]))
	}
	return excerpt.List(texts, maxShares)
}

// Shares returns the numbers of an output that is a map of numbers; none for another one.
func Shares(output string) map[string]float64 {
	var shares map[string]float64
	if json.Unmarshal([]byte(output), &shares) != nil {
		return nil
	}
	return shares
}
