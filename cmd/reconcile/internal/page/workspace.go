package page

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/internal/visible"
	"reconcile/reconciler/inspect"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// maxLinks is how many upstreams or readers a page names.
const maxLinks = 50

// workspaceView is what the page of a workspace shows.
type workspaceView struct {
	status  inspect.StatusWorkspace
	needs   []need
	plan    planView
	inputs  []input
	differ  []string // inputs that differed when the workspace was last looked at
	readers []string
	history []historyEvent // the newest first
	graph   *drawing
}

type input struct{ name, id string }

// historyEvent is what happened to a workspace.
type historyEvent struct {
	at                      time.Time
	run                     runid.ID
	outcome                 state.Outcome
	changes                 state.Changes
	approvedBy, suspendedBy string
	commit                  commitid.ID
}

// planView is the plan of a workspace, with the log of its apply.
type planView struct {
	run   runid.ID
	text  string
	risks []state.ChangeRisk
}

// knows reports whether a workspace has a page.
func (m *Model) knows(name string) bool {
	_, ok := m.index().byName[name]
	return ok
}

func (m *Model) workspaceView(w inspect.StatusWorkspace) workspaceView {
	v := workspaceView{status: w, readers: m.index().readers[w.Name], graph: m.neighbourhood(w.Name)}
	for _, n := range m.index().needs {
		if n.workspace == w.Name {
			v.needs = append(v.needs, n)
		}
	}
	v.plan.run = m.planRun(w, v.needs)
	v.plan.risks = m.risksOf(v.plan.run, w.Name)
	for _, name := range slices.Sorted(maps.Keys(w.Trace)) {
		v.inputs = append(v.inputs, input{strings.TrimPrefix(name, "//"), abbreviate(w.Trace[name])})
	}
	v.differ = w.Stale
	if i, ok := m.index().runs[m.lastRun(w.Name)]; ok && len(v.differ) == 0 && (w.Outcome == state.Failed || w.Outcome == state.Blocked || w.Outcome == state.Skipped) {
		last, _ := resultOf(m.Runs[i], w.Name)
		v.differ = last.StaleReasons
	}
	v.history = m.historyOf(w)
	return v
}

// listsRisks reports whether what is needed lists what each change does.
func (v workspaceView) listsRisks() bool {
	return slices.ContainsFunc(v.needs, func(n need) bool { return len(n.risks) > 0 })
}

// planRun returns the run whose plan is worth showing: the one that waits, else the last.
func (m *Model) planRun(w inspect.StatusWorkspace, needs []need) runid.ID {
	for _, n := range needs {
		if n.run != "" && n.kind != "merge" {
			return n.run
		}
	}
	return m.lastRun(w.Name)
}

func (m *Model) historyOf(w inspect.StatusWorkspace) []historyEvent {
	var history []historyEvent
	for _, r := range m.Runs {
		done, ok := resultOf(r, w.Name)
		if !ok {
			continue
		}
		e := historyEvent{at: r.StartedAt, run: r.ID, outcome: done.Outcome, changes: done.Changes, commit: r.ToCommit}
		if done.Approval != nil {
			e.approvedBy = done.Approval.ApprovedBy
		}
		history = append(history, e)
	}
	for _, a := range w.Approvals {
		history = append(history, historyEvent{at: a.ApprovedAt, approvedBy: a.ApprovedBy})
	}
	if h := w.Hold; h != nil && h.Kind == state.Suspended {
		history = append(history, historyEvent{at: h.PlacedAt, suspendedBy: h.PlacedBy})
	}
	slices.SortStableFunc(history, func(a, b historyEvent) int { return cmp.Compare(b.at.UnixMilli(), a.at.UnixMilli()) })
	return history
}

// abbreviate shortens the id of an input: the mode of a Git object stays.
func abbreviate(id string) string {
	const shown = 20
	if len(id) > shown {
		return id[:shown] + "…"
	}
	return id
}

// maxLog is how much of a log is read for a page, in bytes.
const maxLog = 96 << 10

// readPlan adds the text of a plan. A log that is not there, or not any more, is none.
func (s *Site) readPlan(ctx context.Context, p *planView, workspace string) error {
	if p.run == "" {
		return nil
	}
	log, err := s.Logs.Log(ctx, p.run, workspace)
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	text, err := io.ReadAll(log)
	p.text = strings.TrimRight(string(text), "\n")
	return errors.Join(err, log.Close())
}

// skipInit leaves out what stands before the plan: an approver need not scroll.
func (p *planView) skipInit() {
	if i := strings.Index("\n"+p.text, "\n# terraform plan\n"); i >= 0 {
		p.text = p.text[i:]
	}
}

// planLine is a line of a plan, with the class of its colour.
type planLine struct{ class, text string }

// lines returns the beginning of a plan, and how many lines were left out.
func (p planView) lines() (lines []planLine, left int) {
	room := maxLog
	for one := range strings.Lines(visible.Text(p.text) + "\n") {
		if room -= len(one); room < 0 {
			left++
			continue
		}
		lines = append(lines, planLine{lineClass(one), one})
	}
	return joinLines(lines), left
}

// planLines writes the lines of a plan. A template would put spaces between them.
func planLines(lines []planLine) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		for _, l := range lines {
			if _, err := io.WriteString(w, `<span class="`+l.class+`">`+templ.EscapeString(l.text)+"</span>"); err != nil {
				return err
			}
		}
		return nil
	})
}

// joinLines joins neighbours of one class, so that a long log has few elements.
func joinLines(lines []planLine) []planLine {
	var joined []planLine
	for _, l := range lines {
		if n := len(joined); n > 0 && joined[n-1].class == l.class {
			joined[n-1].text += l.text
		} else {
			joined = append(joined, l)
		}
	}
	return joined
}

// lineClass returns the class of a line by the sign that Terraform puts before it. At the
// beginning of a line - and + stand in lists of init.
func lineClass(text string) string {
	sign := strings.TrimLeft(text, " ")
	switch {
	case strings.HasPrefix(sign, "-/+"), strings.HasPrefix(sign, "+/-"):
		return "replace"
	case strings.HasPrefix(text, "- "), strings.HasPrefix(text, "+ "):
		return "as-is"
	case strings.HasPrefix(sign, "+ "):
		return "add"
	case strings.HasPrefix(sign, "- "):
		return "destroy"
	case strings.HasPrefix(sign, "~ "):
		return "change"
	case strings.HasPrefix(text, "# "), strings.HasPrefix(text, "  # "):
		return "about"
	case strings.HasPrefix(sign, "# "):
		return "aside"
	case strings.HasPrefix(text, "Error: "), strings.HasPrefix(text, "│ Error: "):
		return "wrong"
	}
	return "as-is"
}
