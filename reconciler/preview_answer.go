package reconciler

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/state"
)

// previewAnswer is what a planner gives back. It ran code that nobody has
// approved: whoever reads it takes it for a stranger's.
type previewAnswer struct {
	Workspaces []WorkspaceResult `json:"workspaces"`
	// Problem is what in the pull request keeps all of it from being planned.
	Problem string `json:"problem,omitempty"`
	// Error is what went wrong that is not the pull request's.
	Error string `json:"error,omitempty"`
}

// Bounds of an answer, in bytes. A comment holds some 20,000 characters, so
// that what is cut off a plan is seen by few.
const (
	mostAnswer = 8 << 20
	mostPlans  = 2 << 20 // of all plans together
	mostText   = 8 << 10 // of an error or a warning
	mostLines  = 50      // of warnings, and of what is refused, a workspace
)

// short cuts an answer to what is taken of it.
func (a *previewAnswer) short() {
	a.Problem, a.Error = clean(a.Problem, mostText), clean(a.Error, mostText)
	for i := range a.Workspaces {
		w := &a.Workspaces[i]
		w.Plan = clean(w.Plan, mostPlans/len(a.Workspaces))
		w.Error = clean(w.Error, mostText)
		w.Warnings, w.Refused = cleanAll(w.Warnings), cleanAll(w.Refused)
	}
}

// take believes of an answer what a wrong one could only mislead the readers
// of a comment by: results of the workspaces that were asked for, each once,
// of the kinds that a plan has. Why they are stale we know ourselves.
func (l *look) take(a *previewAnswer, names []string) ([]WorkspaceResult, error) {
	a.short()
	if a.Error != "" {
		return nil, fmt.Errorf("the planner: %s", a.Error)
	}
	if a.Problem != "" {
		return nil, l.fails(errors.New(a.Problem))
	}
	said := map[string]WorkspaceResult{}
	for _, w := range a.Workspaces {
		said[w.Name] = w
	}
	results := make([]WorkspaceResult, len(names))
	for i, name := range names {
		w := said[name]
		results[i] = WorkspaceResult{
			RunWorkspace: state.RunWorkspace{
				Name: name, Outcome: w.Outcome, Stale: l.merged.reasons(l.merged.items[name]),
				Changes: counted(w.Changes), Digest: digits(w.Digest), DurationMS: max(0, w.DurationMS), Error: w.Error,
			},
			Plan: w.Plan, Warnings: w.Warnings, Refused: w.Refused,
		}
		if !planOutcomes[w.Outcome] || len(said) != len(names) || len(a.Workspaces) != len(names) {
			results[i] = WorkspaceResult{RunWorkspace: state.RunWorkspace{
				Name: name, Outcome: state.Failed, Stale: results[i].Stale, Error: "the planner's answer is not one to what it was asked: look at its log",
			}}
		}
	}
	return results, nil
}

// planOutcomes are the outcomes that a plan of a pull request can have.
var planOutcomes = map[state.Outcome]bool{
	state.NoChanges: true, state.Pending: true, state.Failed: true, state.Blocked: true, state.Skipped: true,
}

func counted(c state.Changes) state.Changes {
	return state.Changes{Add: max(0, c.Add), Change: max(0, c.Change), Destroy: max(0, c.Destroy), Replace: max(0, c.Replace)}
}

// digits is a digest, or nothing.
func digits(digest string) string {
	if len(digest) > 128 || strings.Trim(digest, "0123456789abcdef") != "" {
		return ""
	}
	return digest
}

// clean is a text without what could move a terminal's cursor, and without
// what is more than most bytes.
func clean(text string, most int) string {
	cut := len(text) - most
	if cut > 0 {
		for most > 0 && !utf8.RuneStart(text[most]) {
			most--
		}
		text = text[:most]
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if cut > 0 {
		text += fmt.Sprintf("\n(%d bytes more)", cut)
	}
	return text
}

func cleanAll(lines []string) []string {
	var kept []string
	for _, line := range lines[:min(len(lines), mostLines)] {
		kept = append(kept, clean(line, mostText))
	}
	return kept
}
