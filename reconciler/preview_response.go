package reconciler

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/state"
)

// planResponse is what a planner gives back. It ran code that nobody has
// approved: whoever reads it takes it for a stranger's.
type planResponse struct {
	Workspaces []WorkspaceResult `json:"workspaces"`
	// Problem is what in the pull request keeps all of it from being planned.
	Problem string `json:"problem,omitempty"`
	// Error is what went wrong that is not the pull request's.
	Error string `json:"error,omitempty"`
}

// Bounds of an answer, in bytes. A comment holds some 20,000 characters, so
// that what is cut off a plan is seen by few.
const (
	maxResponse = 8 << 20
	maxPlans    = 2 << 20 // of all plans together
	maxText     = 8 << 10 // of an error or a warning
	maxLines    = 50      // of warnings, and of what is refused, a workspace
)

// truncate cuts an answer to what is taken of it.
func (a *planResponse) truncate() {
	a.Problem, a.Error = sanitize(a.Problem, maxText), sanitize(a.Error, maxText)
	for i := range a.Workspaces {
		w := &a.Workspaces[i]
		w.Plan = sanitize(w.Plan, maxPlans/len(a.Workspaces))
		w.Error = sanitize(w.Error, maxText)
		w.Warnings, w.Refused = sanitizeAll(w.Warnings), sanitizeAll(w.Refused)
	}
}

// validate believes of an answer what a wrong one could only mislead the readers
// of a comment by: results of the workspaces that were asked for, each once,
// of the kinds that a plan has. Why they are stale we know ourselves.
func (l *pullRequestPlan) validate(a *planResponse, names []string) ([]WorkspaceResult, error) {
	a.truncate()
	if a.Error != "" {
		return nil, fmt.Errorf("the planner: %s", a.Error)
	}
	if a.Problem != "" {
		return nil, l.setError(errors.New(a.Problem))
	}
	said := map[string]WorkspaceResult{}
	for _, w := range a.Workspaces {
		said[w.Name] = w
	}
	results := make([]WorkspaceResult, len(names))
	for i, name := range names {
		w := said[name]
		results[i] = WorkspaceResult{
			Name: name, Outcome: w.Outcome, StaleReasons: l.merged.staleReasons(l.merged.entries[name]),
			Changes: nonNegative(w.Changes), PlanDigest: validDigest(w.PlanDigest), DurationMS: max(0, w.DurationMS), Error: w.Error,
			Plan: w.Plan, Warnings: w.Warnings, Refused: w.Refused,
		}
		if !planOutcomes[w.Outcome] || len(said) != len(names) || len(a.Workspaces) != len(names) {
			results[i] = WorkspaceResult{
				Name: name, Outcome: state.Failed, StaleReasons: results[i].StaleReasons, Error: "the planner's answer is not one to what it was asked: look at its log",
			}
		}
	}
	return results, nil
}

// planOutcomes are the outcomes that a plan of a pull request can have.
var planOutcomes = map[state.Outcome]bool{
	state.NoChanges: true, state.Pending: true, state.Failed: true, state.Blocked: true, state.Skipped: true,
}

func nonNegative(c state.Changes) state.Changes {
	return state.Changes{Add: max(0, c.Add), Change: max(0, c.Change), Destroy: max(0, c.Destroy), Replace: max(0, c.Replace)}
}

// validDigest is a digest, or nothing.
func validDigest(digest string) string {
	if len(digest) > 128 || strings.Trim(digest, "0123456789abcdef") != "" {
		return ""
	}
	return digest
}

// sanitize is a text without what could move a terminal's cursor, and without
// what is more than most bytes.
func sanitize(text string, limit int) string {
	cut := len(text) - limit
	if cut > 0 {
		for limit > 0 && !utf8.RuneStart(text[limit]) {
			limit--
		}
		text = text[:limit]
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

func sanitizeAll(lines []string) []string {
	var kept []string
	for _, line := range lines[:min(len(lines), maxLines)] {
		kept = append(kept, sanitize(line, maxText))
	}
	return kept
}
