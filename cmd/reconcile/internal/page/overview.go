package page

import (
	"slices"
	"strconv"
	"strings"

	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

// How much an overview shows.
const (
	maxNeeds           = 50
	maxListedRuns      = 20
	maxCardRisks       = 5
	maxWorking         = 100
	maxRowsWithSubject = 300
	maxExcerpt         = 12 // lines of an error
)

// Marks around the time of the last check, which a pass with nothing to do replaces.
const (
	checkedBegin = "<!--checked-->"
	checkedEnd   = "<!--/checked-->"
)

// present returns the workspaces that are in Git.
func (m *Model) present() []inspect.StatusWorkspace {
	return slices.DeleteFunc(slices.Clone(m.Status.Workspaces), func(w inspect.StatusWorkspace) bool { return w.Removed })
}

// removed returns the workspaces that were removed from Git.
func (m *Model) removed() []inspect.StatusWorkspace {
	return slices.DeleteFunc(slices.Clone(m.Status.Workspaces), func(w inspect.StatusWorkspace) bool { return !w.Removed })
}

// isOf reports whether the page is that of the workspace that something is needed for.
func (s document) isOf(n need) bool { return s.path == WorkspacePath(n.workspace) }

// cardRisks returns how many changes a card lists: on the workspace's own page, all.
func (s document) cardRisks(n need) int {
	if s.isOf(n) {
		return len(n.risks)
	}
	return maxCardRisks
}

// verdict says how a record is, in a sentence.
func (t text) verdict(name string, needs int) string {
	switch name {
	case "behind", "person":
		return t.sayOr("page.verdict."+name, name, "count", needs)
	}
	return t.sayOr("page.verdict."+name, line(name))
}

// runCounts returns what became of the workspaces of a run, such as "2 applied, 1 failed".
func (s document) runCounts(r state.Run) string {
	counts := map[state.Outcome]int{}
	var order []state.Outcome
	for _, w := range r.Workspaces {
		if counts[w.Outcome]++; counts[w.Outcome] == 1 {
			order = append(order, w.Outcome)
		}
	}
	slices.Sort(order)
	said := ""
	for _, o := range order {
		one := strconv.Itoa(counts[o]) + " " + s.outcome(o)
		if said != "" {
			one = s.say("page.effect.join", "first", said, "second", one)
		}
		said = one
	}
	return said
}

// excerptOf returns the first lines of an error.
func excerptOf(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > maxExcerpt {
		lines = append(lines[:maxExcerpt:maxExcerpt], "…")
	}
	return visible.Text(strings.Join(lines, "\n"))
}
