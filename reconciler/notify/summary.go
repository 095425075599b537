package notify

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/visible"
)

// Summary is a notification in short sentences, for services whose messages have no tables.
// Its texts have no markup.
type Summary struct {
	Outcome string // Notification.Outcome
	Title   string
	Where   string // the branch, the commit and the command that shows more
	Lines   []SummaryLine
	More    string // how many lines were left out; "" for none
	Advice  []string
}

// SummaryLine is one workspace.
type SummaryLine struct {
	Workspace, Outcome string
	Changes            string // such as "+1 ~2 -0"; "" for none
	Error              string // "" for none
	Failed             bool
}

// maxSummaryLines is how many workspaces a summary names.
const maxSummaryLines = 20

// Summarize returns a notification in the writer's language.
func (w *Writer) Summarize(r *Notification) (Summary, error) {
	s := &document{writer: w}
	summary := Summary{Outcome: r.Outcome(), Title: s.message("report.title." + r.Outcome())}
	if r.Environment != "" {
		summary.Title = s.message("report.title."+r.Outcome()+".environment", "environment", visible.Line(r.Environment))
	}
	summary.Where = s.message("report.at", "branch", visible.Line(r.Branch), "commit", r.Commit.Abbrev(), "command", "reconcile runs "+string(r.Run))
	events := slices.Clone(r.Events)
	slices.SortStableFunc(events, func(a, b WorkspaceEvent) int { return b.severity() - a.severity() })
	if omitted := len(events) - maxSummaryLines; omitted > 0 {
		summary.More = s.message("table.more", "count", omitted)
		events = events[:maxSummaryLines]
	}
	var drifted []string
	for _, n := range events {
		line := SummaryLine{Workspace: visible.Name(n.Name), Outcome: s.message("outcome." + n.Outcome), Failed: n.HasFailed()}
		if n.Add+n.Change+n.Replace+n.Destroy > 0 {
			line.Changes = fmt.Sprintf("+%d ~%d ±%d -%d", n.Add, n.Change, n.Replace, n.Destroy)
		}
		if n.Error != "" {
			line.Error = visible.Text(firstLines(w.tr.Translate(n.Error)))
		}
		if n.HasDrifted() && n.Withheld == "" {
			drifted = append(drifted, line.Workspace)
		}
		summary.Lines = append(summary.Lines, line)
	}
	if len(drifted) > 0 {
		summary.Advice = append(summary.Advice, s.message("report.drifted", "workspaces", strings.Join(drifted, ", "), "command", replanCommand(drifted...)))
	}
	if r.PageURL != nil {
		summary.Advice = append(summary.Advice, s.message("report.page", "url", r.PageURL(w.language, r.Run)))
	}
	return summary, s.err
}
