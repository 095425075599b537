package page

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// readRollouts reads the rollouts that are under way, with their alarms.
func (m *Model) readRollouts(ctx context.Context) error {
	if !slices.ContainsFunc(m.Status.Workspaces, func(w inspect.StatusWorkspace) bool { return w.Rollout != nil }) {
		return nil
	}
	all, err := inspect.ReadRollouts(ctx, m.Site.Config, "")
	m.Rollouts = map[string]inspect.RolloutStatus{}
	for _, r := range all {
		if r.Active {
			m.Rollouts[r.Workspace] = r
		}
	}
	return err
}

// isRolloutStopped reports whether a rollout waits for a person.
func isRolloutStopped(phase state.RolloutPhase) bool {
	return phase == state.RolloutPaused || phase == state.RolloutStopped
}

// rolloutsUnderWay returns the rollouts that need nobody, by name.
func (m *Model) rolloutsUnderWay() (list []inspect.RolloutStatus) {
	for _, name := range sortedKeys(m.Rollouts) {
		if r := m.Rollouts[name]; !m.needsRollout(name) {
			list = append(list, r)
		}
	}
	return list
}

// needsRollout reports whether a card of what waits shows the rollout of a workspace.
func (m *Model) needsRollout(workspace string) bool {
	return slices.ContainsFunc(m.index().needs, func(n need) bool { return n.kind == "rollout" && n.workspace == workspace })
}

// needOfRollout returns what a rollout that has stopped waits for.
func (m *Model) needOfRollout(r inspect.RolloutStatus) need {
	return need{kind: "rollout", workspace: r.Workspace, run: m.lastRun(r.Workspace), at: r.Since}
}

// endOf returns the number at which a rollout is whole.
func endOf(r inspect.RolloutStatus) int { return r.Steps[len(r.Steps)-1] }

// stepClass returns the class of a step: done, here or to come.
func stepClass(r inspect.RolloutStatus, step int) string {
	switch cmp.Compare(step, r.Number) {
	case -1:
		return "done"
	case 0:
		return "here"
	}
	return "ahead"
}

func sortedKeys[T any](all map[string]T) []string { return slices.Sorted(maps.Keys(all)) }

// shares lists the numbers of an output, such as "tokyo 90, osaka 10".
func (s document) shares(numbers map[string]float64) string {
	var parts []string
	for _, name := range sortedKeys(numbers) {
		parts = append(parts, line(name)+" "+strconv.FormatFloat(numbers[name], 'f', -1, 64))
	}
	return strings.Join(parts, ", ")
}

// alarmClass returns the class of an alarm by its state.
func alarmClass(a run.AlarmReading) string {
	switch a.State {
	case run.AlarmOK:
		return "o-skipped"
	case run.AlarmOn:
		return "o-failed"
	}
	return "o-blocked"
}
