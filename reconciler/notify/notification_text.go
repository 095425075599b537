package notify

import (
	"slices"
	"strings"
	"unicode/utf8"

	"reconcile/internal/shell"
	"reconcile/internal/visible"
)

// WriteNotification returns the text of a notification: a table and the errors.
func (w *Writer) WriteNotification(r *Notification) (string, error) {
	s := &document{writer: w}
	s.addTitle("report.title."+r.Outcome(), r.Environment)
	s.addParagraph(s.message("report.at", "branch", s.writer.markup.code(r.Branch), "commit", s.writer.markup.code(r.Commit.Abbrev()), "command", s.writer.markup.code("reconcile runs "+string(r.Run))))
	s.addParagraph(s.eventTable(r))
	if r.PageURL != nil {
		s.addParagraph(s.message("report.page", "url", r.PageURL(w.language, r.Run)))
	}
	var drifted, withheld, recovered, held []string
	for _, n := range r.Events {
		if n.FromSnapshot {
			held = append(held, n.Name)
		}
		switch {
		case n.HasDrifted() && n.Withheld != "":
			withheld = append(withheld, n.Name)
		case n.HasDrifted():
			drifted = append(drifted, n.Name)
		case n.Recovered:
			recovered = append(recovered, n.Name)
		}
	}
	if len(drifted) > 0 {
		s.addParagraph(s.message("report.drifted", "workspaces", s.writer.codeList(drifted), "command", s.writer.markup.code(replanCommand(drifted...))))
	}
	if len(withheld) > 0 {
		s.addParagraph(s.message("report.drifted.withheld", "workspaces", s.writer.codeList(withheld)))
	}
	if len(recovered) > 0 {
		s.addParagraph(s.message("report.recovered", "workspaces", s.writer.codeList(recovered)))
	}
	if len(held) > 0 {
		s.addParagraph(s.message("report.from_snapshot", "workspaces", s.writer.codeList(held), "commit", s.writer.markup.code(r.Commit.Abbrev()), "branch", s.writer.markup.code(r.Branch)))
	}
	for _, n := range limitList(r.Events) {
		if n.Approvable != "" {
			s.addParagraph(s.message("report.approve", "workspace", s.writer.markup.code(n.Name)))
			s.addParagraph(s.writer.markup.codeBlock("/approve " + n.Name + " " + n.Approvable.Abbrev()))
		}
	}
	text, err := s.render()
	if err != nil {
		return "", err
	}
	return w.appendErrors(text, r.Events)
}

// replanCommand returns the command that applies workspaces as Git defines them.
func replanCommand(workspaces ...string) string {
	return "reconcile now --replan " + shell.Join(workspaces)
}

// appendErrors appends the errors to a text, as far as there is room.
func (w *Writer) appendErrors(text string, events []WorkspaceEvent) (string, error) {
	for _, n := range events {
		if n.Error == "" {
			continue
		}
		key := "report.error"
		if n.Outcome == "rolling" { // it says where the rollout stands
			key = "report.rollout"
		}
		title, err := w.messages.Text(key, "workspace", n.Name)
		if err != nil {
			return "", err
		}
		more := "\n" + w.markup.heading(title) + "\n" + w.markup.codeBlock(firstLines(w.tr.Translate(n.Error))) + "\n"
		if w.MaxLength > 0 && utf8.RuneCountInString(text+more) > w.MaxLength {
			continue
		}
		text += more
	}
	return text, nil
}

// maxErrorLines is the maximum number of lines of an error; the log has all of them.
const maxErrorLines = 40

func firstLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > maxErrorLines {
		lines = append(lines[:maxErrorLines:maxErrorLines], "…")
	}
	return strings.Join(lines, "\n")
}

func (s *document) eventTable(r *Notification) string {
	shown := slices.Clone(r.Events)
	slices.SortStableFunc(shown, func(a, b WorkspaceEvent) int { return b.severity() - a.severity() })
	shown = shown[:min(len(shown), maxRows)]
	slices.SortFunc(shown, func(a, b WorkspaceEvent) int { return strings.Compare(a.Name, b.Name) })
	var cells [][]string
	for _, n := range shown {
		outcome := s.message("outcome." + n.Outcome)
		if n.HasFailed() {
			outcome = s.writer.markup.bold(outcome)
		}
		cells = append(cells, []string{s.writer.markup.code(n.Name), outcome, countText(n.Add), countText(n.Change), s.writer.boldCount(n.Replace), s.writer.boldCount(n.Destroy)})
	}
	if omitted := len(r.Events) - len(cells); omitted > 0 {
		cells = append(cells, []string{s.message("table.more", "count", omitted), "", "", "", "", ""})
	}
	return s.writer.markup.table(s.tableHeader("workspace", "outcome", "add", "change", "replace", "destroy"), cells)
}

// severity orders events by importance for people.
func (e WorkspaceEvent) severity() int {
	switch e.Outcome {
	case "failed":
		return 3
	case "blocked", "drifted":
		return 2
	case "applied", "rolling":
		return 1
	}
	return 0
}

// WriteIssueTitle returns the summary of an issue about a failed or drifted workspace.
func (w *Writer) WriteIssueTitle(n WorkspaceEvent) (string, error) {
	if n.HasDrifted() {
		return w.messages.Text("issue.title.drifted", "workspace", visible.Name(n.Name))
	}
	return w.messages.Text("issue.title", "workspace", visible.Name(n.Name))
}

// WriteIssueText returns the text of an issue about a workspace, or of a comment on it: the
// workspace has failed, has drifted, or has recovered.
func (w *Writer) WriteIssueText(r *Notification, n WorkspaceEvent) (string, error) {
	key := "issue.recovered"
	switch {
	case n.HasFailed():
		key = "issue.fails"
	case n.HasDrifted():
		key = "issue.drifted"
	}
	text, err := w.messages.Text(key,
		"workspace", w.markup.code(n.Name), "commit", w.markup.code(r.Commit.Abbrev()), "branch", w.markup.code(r.Branch))
	if err != nil || !n.HasFailed() && !n.HasDrifted() {
		return text, err
	}
	help, err := w.messages.Text("issue.help", "command", w.markup.code("reconcile runs "+string(r.Run)))
	if err != nil {
		return "", err
	}
	if n.HasDrifted() && n.Withheld != "" {
		withheld, err := w.messages.Text("issue.drifted.withheld", "reason", w.markup.code(w.tr.Translate(n.Withheld)))
		return text + "\n\n" + help + "\n\n" + withheld + "\n", err
	}
	if n.HasDrifted() {
		replan, err := w.messages.Text("issue.drifted.help", "command", w.markup.code(replanCommand(n.Name)))
		return text + "\n\n" + help + "\n\n" + replan + "\n", err
	}
	return w.appendErrors(text+"\n\n"+help+"\n", []WorkspaceEvent{n})
}
