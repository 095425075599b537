package ui

import (
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"reconcile/reconciler/run"
	"reconcile/state"
)

func TestLiveView(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	timeAt := func(d time.Duration) time.Time { return start.Add(d) }
	step := func(d time.Duration, name string, phase run.Phase, waits ...string) tea.Msg {
		return eventMsg{run.Event{Workspace: name, Phase: phase, WaitsFor: waits}, timeAt(d)}
	}
	done := func(name string) tea.Msg {
		return eventMsg{run.Event{Workspace: name, Phase: run.PhaseDone, Result: &run.WorkspaceResult{}}, start}
	}
	begin := []tea.Msg{
		step(0, "common", run.PhaseWaiting),
		step(0, "tokyo", run.PhaseWaiting, "common"),
		step(0, "osaka", run.PhaseWaiting),
		step(time.Second, "common", run.PhaseApply),
		step(2*time.Second, "osaka", run.PhaseLease),
		tickMsg(timeAt(75 * time.Second)),
	}
	for _, test := range []struct {
		name string
		msgs []tea.Msg
		want string
	}{
		{"nothing yet", nil, `
main · 0.0s · 0 done, 0 running, 0 waiting
`},
		{"at work and waiting", begin, `
● apply      common  1m14s
· lease      osaka  held by another run · 1m13s
· waits      tokyo  for common
main · 1m15s · 0 done, 2 running, 1 waiting
`},
		{"a lease that is being taken", append(begin[:0:0], step(0, "osaka", run.PhaseLease)), `
● lease      osaka  0.0s
main · 0.0s · 0 done, 1 running, 0 waiting
`},
		{"what was waited for is done", append(begin, done("common")), `
· lease      osaka  held by another run · 1m13s
· waits      tokyo  for a free slot
main · 1m15s · 1 done, 1 running, 1 waiting
`},
		{"a note stays", append(begin, done("common"), done("osaka"), done("osaka"), noteMsg("stopping")), `
· waits      tokyo  for a free slot
main · 1m15s · 2 done, 0 running, 1 waiting
stopping
`},
		{"a narrow and low terminal", append(begin, tea.WindowSizeMsg{Width: 36, Height: 5}, step(0, "a-workspace-with-a-long-name-in-it", run.PhasePlan)), `
● plan       a-workspace-with-a-lo…
● apply      common  1m14s
· lease      osaka  held by anothe…
  and 1 more
main · 1m15s · 0 done, 3 running, …
`},
		{"a rollout", []tea.Msg{eventMsg{run.Event{Workspace: "switch", Phase: run.PhaseApply, Rollout: "rollout of abc at 10 of 100, next 50; shares by output shares: a = 90, b = 10"}, start}}, `
● apply      switch  0.0s · rollout of abc at 10 of 100, next 50; shares by ou…
main · 0.0s · 0 done, 1 running, 0 waiting
`},
		{"the end leaves nothing", append(begin, endMsg{}), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var model tea.Model = newLiveModel("main", nil, false, start)
			for _, msg := range test.msgs {
				model, _ = model.Update(msg)
			}
			got := ansi.Strip(model.View().Content)
			if want := strings.TrimPrefix(test.want, "\n"); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

func TestWorkspaceText(t *testing.T) {
	result := run.WorkspaceResult{
		Name: "tokyo", Outcome: state.Failed, StaleReasons: []string{"modules/vpc", "env/tokyo"},
		Changes: state.Changes{Add: 1, Destroy: 2}, DurationMS: 61500, Error: "the provider refused\nsaid why",
		Warnings: []string{"look for resources that nobody knows"},
	}
	for _, test := range []struct {
		width int
		want  string
	}{
		{noWidth, `
failed      tokyo         1 to add, 2 to destroy · changed inputs: modules/vpc, env/tokyo · 1m01s
            the provider refused
            said why
            warning: look for resources that nobody knows
`},
		{40, `
failed      tokyo         1 to add, 2 t…
            the provider refused
            said why
            warning: look for resources
            that nobody knows
`},
	} {
		if got := ansi.Strip(FormatWorkspace(nil, result, test.width)); got != strings.TrimPrefix(test.want, "\n") {
			t.Errorf("width %d, got:\n%s\nwant:%s", test.width, got, test.want)
		}
	}
}
