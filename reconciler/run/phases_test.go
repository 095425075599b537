package run

import (
	"slices"
	"testing"
	"time"

	"reconcile/state"
)

func TestPhases(t *testing.T) {
	t.Parallel()
	var c phaseClock
	c.enter("", PhasePoll, 0)
	for i, phase := range []Phase{PhaseWaiting, PhaseLease, PhasePlan, PhaseApply, PhaseDone} {
		c.enter("a", phase, time.Duration(max(i-1, 0))*time.Second)
	}
	want := []state.PhaseTime{{Phase: "lease", EndMS: 1000}, {Phase: "plan", StartMS: 1000, EndMS: 2000}, {Phase: "apply", StartMS: 2000, EndMS: 3000}}
	if got := c.phasesOf("a"); !slices.Equal(got, want) {
		t.Errorf("%+v", got)
	}
	if got := c.phasesOf("b"); got != nil {
		t.Errorf("%+v", got)
	}
}
