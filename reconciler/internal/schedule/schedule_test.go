package schedule_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/schedule"
	"reconcile/reconciler/workspace"
	"reconcile/state"
)

// newGraph returns a graph from the upstreams of each workspace.
func newGraph(upstreams map[string]string) *workspace.Graph {
	var nodes []workspace.Node
	for name, list := range upstreams {
		nodes = append(nodes, workspace.Node{Name: name, DependsOn: strings.Fields(list)})
	}
	slices.SortFunc(nodes, func(a, b workspace.Node) int { return strings.Compare(a.Name, b.Name) })
	return workspace.NewGraph(nodes)
}

// run finishes each workspace as soon as it may start, and returns the order in which
// they started. A workspace that is told to be skipped is not in it.
func run(s *schedule.Schedule, outcomes map[string]state.Outcome) (order []string) {
	for {
		name, ok := s.Pop()
		if !ok {
			return order
		}
		if s.ExplainSkip(name) != "" {
			s.Finish(name, state.Skipped)
			continue
		}
		order = append(order, name)
		outcome, ok := outcomes[name]
		if !ok {
			outcome = state.Applied
		}
		s.Finish(name, outcome)
	}
}

func TestSchedule(t *testing.T) {
	t.Parallel()
	// base <- mid <- top, base <- side; lone
	upstreams := map[string]string{"base": "", "mid": "base", "top": "mid", "side": "base", "lone": ""}
	for name, c := range map[string]struct {
		stale    []string
		only     []string
		all      bool
		outcomes map[string]state.Outcome
		want     []string
	}{
		"nothing":                  {},
		"all, longest chain first": {all: true, want: []string{"base", "mid", "lone", "side", "top"}},
		"readers of a stale one":   {stale: []string{"mid"}, want: []string{"mid", "top"}},
		"a reader does not pull":   {stale: []string{"top", "lone"}, want: []string{"lone", "top"}},
		"named alone":              {stale: []string{"base"}, only: []string{"top", "base"}, want: []string{"base", "top"}},
		"failure stops its readers": {
			all: true, outcomes: map[string]state.Outcome{"mid": state.Failed}, want: []string{"base", "mid", "lone", "side"},
		},
		"skipped passes on": {
			all: true, outcomes: map[string]state.Outcome{"base": state.Busy}, want: []string{"base", "lone"},
		},
		"unchanged does not stop readers": {
			stale: []string{"base"}, outcomes: map[string]state.Outcome{"base": state.Unchanged}, want: []string{"base", "mid", "side", "top"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := schedule.New(newGraph(upstreams), func(name string) bool { return slices.Contains(c.stale, name) }, c.only, c.all)
			if diff := cmp.Diff(c.want, run(s, c.outcomes)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A workspace waits for those of its upstreams that were selected and are not finished.
func TestPendingUpstreams(t *testing.T) {
	t.Parallel()
	s := schedule.New(newGraph(map[string]string{"a": "", "b": "", "c": "a b"}), func(name string) bool { return name != "b" }, nil, false)
	if diff := cmp.Diff([]string{"a"}, s.PendingUpstreams("c")); diff != "" {
		t.Error(diff)
	}
	if s.Includes("b") || !s.Includes("c") || s.IsAlone() {
		t.Error("the selection is wrong")
	}
	s.Finish("a", state.Failed)
	if got := s.PendingUpstreams("c"); len(got) > 0 {
		t.Errorf("waits for %v", got)
	}
	if got := s.ExplainSkip("c"); got != "a is failed" {
		t.Errorf("skipped because %q", got)
	}
}

// Named workspaces wait for each other, whatever becomes of the first, and for no other.
func TestNamedInOrder(t *testing.T) {
	t.Parallel()
	s := schedule.New(newGraph(map[string]string{"a": "", "b": "a", "c": "a b"}), func(string) bool { return true }, []string{"a", "c"}, false)
	if name, _ := s.Pop(); name != "a" {
		t.Fatalf("%s starts first", name)
	}
	if name, ok := s.Pop(); ok {
		t.Fatalf("%s does not wait", name)
	}
	s.Finish("a", state.Failed)
	if name, ok := s.Pop(); !ok || name != "c" || s.ExplainSkip("c") != "" {
		t.Errorf("%q starts, skipped because %q", name, s.ExplainSkip("c"))
	}
}

// A workspace that waits for its readers does not stop them.
func TestFinishWaiting(t *testing.T) {
	t.Parallel()
	s := schedule.New(newGraph(map[string]string{"a": "", "b": "a"}), func(string) bool { return true }, nil, false)
	if name, _ := s.Pop(); name != "a" {
		t.Fatalf("%s starts first", name)
	}
	s.FinishWaiting("a")
	if name, ok := s.Pop(); !ok || name != "b" || s.ExplainSkip("b") != "" {
		t.Errorf("%q starts, skipped because %q", name, s.ExplainSkip("b"))
	}
}
