package notify

import (
	"slices"
	"strings"
	"unicode/utf8"

	"reconcile/internal/visible"
)

// Report writes what became of workspaces: a table, and the errors.
func (w *Writer) Report(r *Report) (string, error) {
	s := &sheet{Writer: w}
	s.title("report.title."+r.Outcome(), r.Environment)
	s.add(s.say("report.at", "branch", s.markup.literal(r.Branch), "commit", s.markup.literal(short(r.Commit)), "run", s.markup.literal(r.Run)))
	s.add(s.newsTable(r))
	if drifted := r.Names("drifted"); len(drifted) > 0 {
		s.add(s.say("report.drifted", "workspaces", s.list(drifted), "command", s.markup.literal(putBack(drifted...))))
	}
	var recovered []string
	for _, n := range r.News {
		if n.Recovered {
			recovered = append(recovered, n.Name)
		}
	}
	if len(recovered) > 0 {
		s.add(s.say("report.recovered", "workspaces", s.list(recovered)))
	}
	text, err := s.text()
	if err != nil {
		return "", err
	}
	return w.withErrors(text, r.News)
}

// putBack is the command that makes workspaces what Git says again.
func putBack(workspaces ...string) string {
	return "reconcile now --replan " + strings.Join(workspaces, " ")
}

// withErrors adds the errors below a text, as far as there is room.
func (w *Writer) withErrors(text string, news []News) (string, error) {
	for _, n := range news {
		if n.Error == "" {
			continue
		}
		title, err := w.words.Text("report.error", "workspace", n.Name)
		if err != nil {
			return "", err
		}
		more := "\n" + w.markup.heading(title) + "\n" + w.markup.block(firstLines(n.Error)) + "\n"
		if w.Limit > 0 && utf8.RuneCountInString(text+more) > w.Limit {
			continue
		}
		text += more
	}
	return text, nil
}

// errorLines is how much of an error is told; the log has all of it.
const errorLines = 40

func firstLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > errorLines {
		lines = append(lines[:errorLines:errorLines], "…")
	}
	return strings.Join(lines, "\n")
}

func (s *sheet) newsTable(r *Report) string {
	shown := slices.Clone(r.News)
	slices.SortStableFunc(shown, func(a, b News) int { return b.weight() - a.weight() })
	shown = shown[:min(len(shown), rows)]
	slices.SortFunc(shown, func(a, b News) int { return strings.Compare(a.Name, b.Name) })
	var cells [][]string
	for _, n := range shown {
		outcome := s.say("outcome." + n.Outcome)
		if n.Failed() {
			outcome = s.markup.bold(outcome)
		}
		cells = append(cells, []string{s.markup.literal(n.Name), outcome, count(n.Add), count(n.Change), s.alarming(n.Replace), s.alarming(n.Destroy)})
	}
	if left := len(r.News) - len(cells); left > 0 {
		cells = append(cells, []string{s.say("table.more", "count", left), "", "", "", "", ""})
	}
	return s.markup.table(s.header("workspace", "outcome", "add", "change", "replace", "destroy"), cells)
}

// weight is how much people want to know of it.
func (n News) weight() int {
	switch n.Outcome {
	case "failed":
		return 3
	case "blocked", "drifted":
		return 2
	case "applied":
		return 1
	}
	return 0
}

// IssueTitle is the summary of an issue about a workspace that fails or has
// drifted.
func (w *Writer) IssueTitle(n News) (string, error) {
	if n.Drifted() {
		return w.words.Text("issue.title.drifted", "workspace", visible.Name(n.Name))
	}
	return w.words.Text("issue.title", "workspace", visible.Name(n.Name))
}

// IssueText is what an issue about a workspace, or a comment on it, says: that
// it fails, that it has drifted, or that it is in order again.
func (w *Writer) IssueText(r *Report, n News) (string, error) {
	key := "issue.recovered"
	switch {
	case n.Failed():
		key = "issue.fails"
	case n.Drifted():
		key = "issue.drifted"
	}
	text, err := w.words.Text(key,
		"workspace", w.markup.literal(n.Name), "commit", w.markup.literal(short(r.Commit)), "branch", w.markup.literal(r.Branch))
	if err != nil || !n.Failed() && !n.Drifted() {
		return text, err
	}
	help, err := w.words.Text("issue.help", "command", w.markup.literal("reconcile runs "+r.Run))
	if err != nil {
		return "", err
	}
	if n.Drifted() {
		back, err := w.words.Text("issue.drifted.help", "command", w.markup.literal(putBack(n.Name)))
		return text + "\n\n" + help + "\n\n" + back + "\n", err
	}
	return w.withErrors(text+"\n\n"+help+"\n", []News{n})
}
