package rollout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/state"
)

const alarm = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"

var start = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func strategy() state.RolloutStrategy {
	return state.RolloutStrategy{
		Variable: "progress", Steps: []int{10, 50, 100}, SoakMS: []int64{600_000, 900_000, 600_000},
		Alarms: []string{alarm}, OnAlarm: "abort",
	}
}

func newRollout() state.Rollout {
	return rollout.Begin(state.Rollout{Run: "R", Commit: "abc", Inputs: "i", Strategy: strategy()}, start)
}

// newRolloutAt returns a rollout in a phase at a number, with the numbers before it applied and good.
func newRolloutAt(phase state.RolloutPhase, number int) state.Rollout {
	r := newRollout()
	r.Phase, r.Number, r.Next = phase, number, number
	for _, step := range r.Strategy.Steps {
		if step <= number {
			r.Applied = append(r.Applied, step)
		}
		if step < number {
			r.Good = step
		}
	}
	return r
}

func alarms(s run.AlarmState) []run.AlarmReading {
	return []run.AlarmReading{{ARN: alarm, State: s}}
}

func order(kind state.RolloutOrderKind) *state.RolloutOrder {
	return &state.RolloutOrder{Workspace: "w", Rollout: "R", Kind: kind, By: "ann"}
}

func inFlight(r state.Rollout, next int) state.Rollout {
	r.Phase, r.Next, r.InFlight = state.RolloutApplying, next, true
	return r
}

func TestDecide(t *testing.T) {
	t.Parallel()
	ok := rollout.Observations{Workspace: "w", Now: start.Add(time.Minute), Alarms: alarms(run.AlarmOK), TipInputs: "i"}
	with := func(change func(*rollout.Observations)) rollout.Observations { f := ok; change(&f); return f }
	soaked := with(func(f *rollout.Observations) { f.Now = start.Add(time.Hour) })
	for name, c := range map[string]struct {
		rollout state.Rollout
		facts   rollout.Observations
		want    string // kind, next, phase
		says    string
	}{
		"the first step":           {newRollout(), ok, "apply 10 applying", ""},
		"soaks":                    {newRolloutAt(state.RolloutSoaking, 10), ok, "wait 10 soaking", ""},
		"soaked":                   {newRolloutAt(state.RolloutSoaking, 10), soaked, "apply 50 applying", ""},
		"soaked at the last":       {newRolloutAt(state.RolloutSoaking, 100), soaked, "finish 100 applying", ""},
		"no data while it soaks":   {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmNoData) }), "wait 10 soaking", ""},
		"no data at the end":       {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Now, f.Alarms = start.Add(time.Hour), alarms(run.AlarmNoData) }), "wait 10 paused", "INSUFFICIENT_DATA: errors"},
		"alarm at the first":       {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmOn) }), "apply 0 aborting", "in ALARM: errors"},
		"alarm at 50":              {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmOn) }), "apply 10 aborting", ""},
		"alarm in an apply":        {inFlight(newRolloutAt(state.RolloutSoaking, 50), 100), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmOn) }), "apply 50 aborting", ""},
		"alarm before the first":   {newRollout(), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmOn) }), "end 0 aborting", ""},
		"no data before the first": {newRollout(), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmNoData) }), "wait 10 paused", "before the first step"},
		"alarm while paused":       {newRolloutAt(state.RolloutPaused, 50), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmOn) }), "apply 10 aborting", ""},
		"unreadable":               {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmUnreadable) }), "wait 50 paused", "cannot be read"},
		"unreadable in an apply":   {inFlight(newRolloutAt(state.RolloutSoaking, 50), 100), with(func(f *rollout.Observations) { f.Alarms = alarms(run.AlarmUnreadable) }), "apply 100 applying", ""},
		"killed in an apply":       {inFlight(newRollout(), 10), ok, "apply 10 applying", ""},
		"failed, and too early":    {inFlight(newRollout(), 10), with(func(f *rollout.Observations) { f.Retry = start.Add(time.Hour) }), "wait 10 applying", ""},
		"pause":                    {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutPause) }), "wait 10 paused", "pause"},
		"pause in an apply":        {inFlight(newRollout(), 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutPause) }), "apply 10 applying", ""},
		"resume":                   {newRolloutAt(state.RolloutPaused, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutResume) }), "wait 10 soaking", ""},
		"resume in an apply":       {func() state.Rollout { r := inFlight(newRollout(), 10); r.Phase = state.RolloutPaused; return r }(), with(func(f *rollout.Observations) { f.Order = order(state.RolloutResume) }), "apply 10 applying", ""},
		"promote":                  {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutPromote) }), "apply 50 applying", ""},
		"promote at the last":      {newRolloutAt(state.RolloutSoaking, 100), with(func(f *rollout.Observations) { f.Order = order(state.RolloutPromote) }), "finish 100 applying", ""},
		"promote, unreadable": {newRolloutAt(state.RolloutPaused, 10), with(func(f *rollout.Observations) {
			f.Order, f.Alarms = order(state.RolloutPromote), alarms(run.AlarmUnreadable)
		}), "apply 50 applying", ""},
		"promote with an alarm":   {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Order, f.Alarms = order(state.RolloutPromote), alarms(run.AlarmOn) }), "apply 10 aborting", ""},
		"abort":                   {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Order = order(state.RolloutAbort) }), "apply 10 aborting", "abort"},
		"abort of a stopped one":  {newRolloutAt(state.RolloutStopped, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutAbort) }), "apply 0 aborting", ""},
		"resume of a stopped one": {newRolloutAt(state.RolloutStopped, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutResume) }), "wait 10 soaking", ""},
		"stopped stays":           {newRolloutAt(state.RolloutStopped, 10), soaked, "wait 10 stopped", "at 10 of 100, brought back and stopped: ; `reconcile rollout resume w`"},
		"an order to another":     {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Order = order(state.RolloutAbort); f.Order.Rollout = "Q" }), "wait 10 soaking", ""},
		"newer":                   {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Now, f.Git, f.Tip = soaked.Now, rollout.Newer, "def" }), "wait 10 soaking", "def changes this workspace"},
		"newer, and an alarm":     {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Git, f.Alarms = rollout.Newer, alarms(run.AlarmOn) }), "apply 10 aborting", ""},
		"newer, and promote": {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) {
			f.Git, f.TipInputs, f.Order = rollout.Newer, "j", order(state.RolloutPromote)
		}), "apply 50 applying", ""},
		"newer in an apply": {inFlight(newRollout(), 10), with(func(f *rollout.Observations) { f.Git = rollout.Newer }), "apply 10 applying", ""},
		"reverted":          {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.Git = rollout.Reverted }), "apply 10 aborting", "was reverted"},
		"reverted on the way to a good": {func() state.Rollout {
			r := newRolloutAt(state.RolloutAborting, 50)
			r.AbortTo = 10
			r.Next = 10
			r.InFlight = true
			return r
		}(), with(func(f *rollout.Observations) { f.Git = rollout.Reverted }), "apply 10 aborting", ""},
		"no tip": {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Now, f.NoTip = soaked.Now, "Git is away" }), "wait 10 soaking", "Git is away, so the rollout of abc stays at 10"},
		"no tip before the next step": {func() state.Rollout {
			r := newRolloutAt(state.RolloutSoaking, 10)
			r.Phase, r.Next = state.RolloutApplying, 50
			return r
		}(), with(func(f *rollout.Observations) { f.NoTip = "Git is away" }), "wait 50 applying", "Git is away"},
		"no tip, and an alarm": {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.NoTip, f.Alarms = "Git is away", alarms(run.AlarmOn) }), "apply 10 aborting", ""},
		"no tip, and promote":  {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.NoTip, f.Order = "Git is away", order(state.RolloutPromote) }), "apply 50 applying", ""},
		"no tip in an apply":   {inFlight(newRollout(), 10), with(func(f *rollout.Observations) { f.NoTip = "Git is away" }), "apply 10 applying", ""},
		"held":                 {newRolloutAt(state.RolloutSoaking, 10), with(func(f *rollout.Observations) { f.Now, f.HeldBecause = soaked.Now, "suspended" }), "wait 10 soaking", "suspended"},
		"held, and an alarm":   {newRolloutAt(state.RolloutSoaking, 50), with(func(f *rollout.Observations) { f.HeldBecause, f.Alarms = "suspended", alarms(run.AlarmOn) }), "apply 10 aborting", ""},
	} {
		next, move, followed := rollout.Decide(c.rollout, c.facts)
		kind := map[rollout.MoveKind]string{rollout.Wait: "wait", rollout.Apply: "apply", rollout.Finish: "finish", rollout.End: "end"}[move.Kind]
		if got := fmt.Sprintf("%s %d %s", kind, next.Next, next.Phase); got != c.want || !strings.Contains(move.Why, c.says) || c.says == "" && move.Kind == rollout.Wait && move.Why != "" {
			t.Errorf("%s: %s, want %s: %q", name, got, c.want, move.Why)
		}
		if wantsOrder := c.facts.Order != nil && !(c.facts.Order.Kind == state.RolloutPause && c.rollout.InFlight); followed != wantsOrder {
			t.Errorf("%s: the order is followed: %t", name, followed)
		}
		if move.Kind == rollout.Wait && !move.Until.IsZero() && (move.Until.Sub(c.facts.Now) > rollout.CheckInterval || !move.Until.After(c.facts.Now)) {
			t.Errorf("%s: the next look is in %s", name, move.Until.Sub(c.facts.Now))
		}
	}
}

// A rollout, whatever happens, applies only its own numbers: upwards one step at a time and
// after a soak that ended well or by a person's word, downwards over those that were applied.
// It ends, or it waits for a person who is told why.
func TestRolloutProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r, now := newRollout(), start
		pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(t, what) }
		for range rapid.IntRange(1, 60).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "minutes")) * time.Minute)
			f := rollout.Observations{Now: now, TipInputs: "i", Alarms: alarms(run.AlarmState(pick("alarm", "OK", "OK", "OK", "ALARM", "INSUFFICIENT_DATA", "UNREADABLE")))}
			if kind := pick("order", "", "", "", "pause", "resume", "promote", "abort"); kind != "" {
				f.Order = order(state.RolloutOrderKind(kind))
			}
			f.Git = rollout.GitState(rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "git"))
			f.NoTip = pick("no tip", "", "", "", "", "Git is away")
			for hops := 0; ; hops++ {
				before := r
				next, move, followed := rollout.Decide(r, f)
				if again, _, _ := rollout.Decide(r, f); fmt.Sprint(again) != fmt.Sprint(next) {
					t.Fatal("the same facts lead to another decision")
				}
				if r = next; followed {
					f.Order = nil
				}
				if move.Kind == rollout.End || move.Kind == rollout.Finish {
					if move.Kind == rollout.End && (r.Number != 0 || r.InFlight) || move.Kind == rollout.Finish && r.Number != 100 {
						t.Fatalf("it ends at %d: %+v", r.Number, r)
					}
					return
				}
				if move.Kind == rollout.Wait {
					if r.InFlight && move.Why == "" && f.Retry.IsZero() {
						t.Fatalf("it waits between two numbers: %+v", r)
					}
					break
				}
				checkHop(t, before, r, f)
				r.InFlight = true
				if rapid.Bool().Draw(t, "fails") {
					break
				}
				r = rollout.CompleteStep(r, now)
				if hops > 10 {
					t.Fatal("it makes steps without end")
				}
			}
		}
	})
}

// checkHop checks that a number may be applied.
func checkHop(t *rapid.T, before, r state.Rollout, f rollout.Observations) {
	steps := append([]int{0}, r.Strategy.Steps...)
	from, to := slices.Index(steps, r.Number), slices.Index(steps, r.Next)
	switch {
	case to < 0:
		t.Fatalf("%d is no step", r.Next)
	case r.Phase == state.RolloutAborting:
		if !before.InFlight && to >= from {
			t.Fatalf("an abort leads from %d to %d", r.Number, r.Next)
		}
		if r.Next != 0 && !slices.Contains(r.Applied, r.Next) || r.Next < r.AbortTo {
			t.Fatalf("an abort leads to %d, and %v were applied: back to %d", r.Next, r.Applied, r.AbortTo)
		}
	case to != from+1:
		t.Fatalf("a step leads from %d to %d", r.Number, r.Next)
	case r.Number > 0 && r.Good != r.Number:
		t.Fatalf("%d is left, and was not good: %+v", r.Number, r)
	case f.NoTip != "" && before.Phase == state.RolloutSoaking && f.Order == nil && r.Verdicts[len(r.Verdicts)-1].By == "":
		t.Fatalf("a step by itself, and nobody knows what the tip says: %+v", r)
	case f.Alarms[0].State == run.AlarmOn:
		t.Fatalf("a step during an alarm: %+v", r)
	}
}

func TestScope(t *testing.T) {
	t.Parallel()
	change := func(address, action string, paths ...string) plandigest.Change {
		c := plandigest.Change{Address: address, Action: action}
		for _, path := range paths {
			c.Attributes = append(c.Attributes, plandigest.Attribute{Path: path})
		}
		return c
	}
	plan := func(changes ...plandigest.Change) plandigest.Difference {
		return plandigest.Difference{Changes: changes}
	}
	scope, err := rollout.Scope(plan(change("a", "update", "weights[0].x", "dial"), change("b", "create", "name"), change("c", "delete"), change("d", "delete, create"), change("output.o", "update", "")))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		step plandigest.Difference
		says string
	}{
		"the same":              {plan(change("a", "update", "weights[3].y"), change("b", "create", "name"), change("c", "delete"), change("output.o", "update", "")), ""},
		"less":                  {plan(change("a", "update", "dial")), ""},
		"a made one is changed": {plan(change("b", "update", "size")), ""},
		"another attribute":     {plan(change("a", "update", "dial", "name")), "a name"},
		"another resource":      {plan(change("z", "update", "dial")), "z (update)"},
		"replaces":              {plan(change("a", "delete, create", "dial")), "a (delete, create, not update)"},
		"destroys what it made": {plan(change("b", "delete")), "b (delete, not create)"},
		"replaces, too":         {plan(change("d", "create, delete")), ""},
		"destroys for good":     {plan(change("d", "delete")), "d (delete, not delete, create)"},
		"more than is known":    {plandigest.Difference{Omitted: 2}, "2 changes more"},
	} {
		if got := rollout.Exceeds(scope, c.step); got != c.says {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
	if got := rollout.Destroys(scope, plan(change("b", "delete"), change("z", "delete"), change("y", "update"))); got != "z (delete)" {
		t.Errorf("the way back destroys %q", got)
	}
	if _, err := rollout.Scope(plandigest.Difference{Omitted: 1}); err == nil {
		t.Error("a plan that is not known as a whole has a scope")
	}
}
