package traffic_test

import (
	"maps"
	"math"
	"testing"

	"reconcile/env/awstest/traffic"
)

func healthy(id string, weight int) traffic.Endpoint {
	return traffic.Endpoint{ID: id, Weight: weight}
}

func unhealthy(id string, weight int) traffic.Endpoint {
	return traffic.Endpoint{ID: id, Weight: weight, IsUnhealthy: true}
}

func group(region string, dial float64, endpoints ...traffic.Endpoint) traffic.Group {
	return traffic.Group{Region: region, Dial: dial, Endpoints: endpoints}
}

// TestRoute: the sentences of the Developer Guide, for a client in Tokyo.
func TestRoute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		tokyo, osaka traffic.Group
		want         traffic.Shares
	}{
		"by weight":                         {group("tokyo", 100, healthy("a", 90), healthy("b", 30)), group("osaka", 0, healthy("o", 100)), traffic.Shares{"a": 0.75, "b": 0.25}},
		"a weight of 0 gets nothing":        {group("tokyo", 100, healthy("a", 100), healthy("b", 0)), group("osaka", 0, healthy("o", 100)), traffic.Shares{"a": 1}},
		"a dial's rest goes to the next":    {group("tokyo", 25, healthy("a", 1)), group("osaka", 100, healthy("o", 1)), traffic.Shares{"a": 0.25, "o": 0.75}},
		"two at 50 serve everything":        {group("tokyo", 50, healthy("a", 1)), group("osaka", 50, healthy("o", 1)), traffic.Shares{"a": 0.625, "o": 0.375}},
		"an unhealthy one is avoided":       {group("tokyo", 100, unhealthy("a", 99), healthy("b", 1)), group("osaka", 0, healthy("o", 1)), traffic.Shares{"b": 1}},
		"failover ignores dials":            {group("tokyo", 100, unhealthy("a", 1)), group("osaka", 0, healthy("o", 1)), traffic.Shares{"o": 1}},
		"but not weights":                   {group("tokyo", 100, unhealthy("a", 1)), group("osaka", 0, healthy("o", 0)), traffic.Shares{traffic.Failed: 1}},
		"fail-open takes any endpoint":      {group("tokyo", 100, unhealthy("a", 1), healthy("b", 0)), group("osaka", 0), traffic.Shares{"b": 0.5, traffic.Failed: 0.5}},
		"nobody has a dial":                 {group("tokyo", 0, healthy("a", 1)), group("osaka", 0, healthy("o", 1)), traffic.Shares{traffic.Failed: 1}},
		"nobody is there":                   {group("tokyo", 100), group("osaka", 100), traffic.Shares{traffic.Failed: 1}},
		"a region at 0 is passed by":        {group("tokyo", 0, healthy("a", 1)), group("osaka", 100, healthy("o", 1)), traffic.Shares{"o": 1}},
		"and takes over from the other one": {group("tokyo", 0, healthy("a", 1)), group("osaka", 100, unhealthy("o", 1)), traffic.Shares{"a": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := traffic.Route(traffic.SortByDistance("tokyo", []traffic.Group{tt.osaka, tt.tokyo})); !maps.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// TestBetween: lowering and raising in one change can leave nobody, raising first cannot.
func TestBetween(t *testing.T) {
	t.Parallel()
	before := []traffic.Group{group("tokyo", 100, healthy("a", 1)), group("osaka", 0, healthy("o", 0))}
	after := []traffic.Group{group("tokyo", 0, healthy("a", 0)), group("osaka", 100, healthy("o", 1))}
	failed := 0
	for _, groups := range traffic.ListTransitions(before, after) {
		if traffic.Route(groups)[traffic.Failed] > 0 {
			failed++
		}
	}
	if failed != 1 {
		t.Errorf("of four states, nobody serves in %d", failed)
	}
}

// TestRolloutAgainstOneEdit prints how many requests fail in the hour after a change that moves all
// traffic of a Region from one side to another: as a rollout with the shipped steps, and as one
// edit. A minute of one client's requests is the unit.
func TestRolloutAgainstOneEdit(t *testing.T) {
	t.Parallel()
	// A bad side is seen by its alarm after three minutes. The pass that takes a rollout back comes
	// within one more; a person who takes an edit back needs ten.
	const alarm, pass, person, hour = 3, 1, 10, 60
	steps := []struct{ from, number int }{{0, 10}, {10, 50}, {25, 100}} // minutes after the change
	for _, c := range []struct {
		side           string
		isUnhealthy    bool // health checks see it
		answersErrors  bool // they do not
		rollout, edits float64
	}{
		{"healthy", false, false, 0, 0},
		{"fails its health checks", true, false, 0, 0},
		{"answers errors, and its health checks succeed", false, true, 0.4, 13},
	} {
		failed := func(number int) float64 {
			shares := traffic.Route([]traffic.Group{{Region: "near", Dial: 100, Endpoints: []traffic.Endpoint{
				{ID: "before", Weight: 100 - number}, {ID: "new", Weight: number, IsUnhealthy: c.isUnhealthy},
			}}, {Region: "far", Dial: 100, Endpoints: []traffic.Endpoint{{ID: "standby", Weight: 100}}}})
			if c.answersErrors {
				return shares[traffic.Failed] + shares["new"]
			}
			return shares[traffic.Failed]
		}
		var rollout, edit float64
		for minute := range hour {
			number := 0
			for _, s := range steps {
				if minute >= s.from {
					number = s.number
				}
			}
			if !c.answersErrors || minute < alarm+pass {
				rollout += failed(number)
			}
			if !c.answersErrors || minute < alarm+person {
				edit += failed(100)
			}
		}
		t.Logf("the new side %s: %.1f minutes of requests fail in a rollout, %.1f after one edit", c.side, rollout, edit)
		if math.Abs(rollout-c.rollout) > 1e-9 || math.Abs(edit-c.edits) > 1e-9 {
			t.Errorf("the new side %s: %v and %v, want %v and %v", c.side, rollout, edit, c.rollout, c.edits)
		}
	}
}
