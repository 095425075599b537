package preview

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// planResponse is the response of a planner. The planner ran unreviewed code, so the
// response is not trusted.
type planResponse struct {
	Workspaces []run.WorkspaceResult `json:"workspaces"`
	// Problem is an error of the pull request that prevents all its plans.
	Problem string `json:"problem,omitempty"`
	// Error is an error that the pull request did not cause.
	Error string `json:"error,omitempty"`
}

// Limits of a response, in bytes. A comment holds about 20,000 characters, so few
// readers miss what is cut off.
const (
	maxResponse = 8 << 20
	maxPlans    = 2 << 20 // for all plans together
	maxText     = 8 << 10 // for an error or a warning
	maxLines    = 50      // warnings, and refusals, of one workspace
)

// truncate cuts the response to its limits.
func (a *planResponse) truncate() {
	a.Problem, a.Error = sanitize(a.Problem, maxText), sanitize(a.Error, maxText)
	for i := range a.Workspaces {
		w := &a.Workspaces[i]
		w.Plan = sanitize(w.Plan, maxPlans/len(a.Workspaces))
		w.Error, w.Withheld = sanitize(w.Error, maxText), sanitize(w.Withheld, maxText)
		w.Warnings, w.Refused = sanitizeAll(w.Warnings), sanitizeAll(w.Refused)
	}
}

// validate keeps only the fields of an untrusted response that can do no worse than
// mislead a reader of the comment. It takes one result for each requested workspace;
// stale reasons are recomputed.
func (l *pullRequestPlan) validate(a *planResponse, names []string) ([]run.WorkspaceResult, error) {
	a.truncate()
	if a.Error != "" {
		return nil, fmt.Errorf("the planner: %s", a.Error)
	}
	if a.Problem != "" {
		return nil, l.setError(errors.New(a.Problem))
	}
	said := map[string]run.WorkspaceResult{}
	for _, w := range a.Workspaces {
		said[w.Name] = w
	}
	results := make([]run.WorkspaceResult, len(names))
	for i, name := range names {
		w := said[name]
		results[i] = run.WorkspaceResult{
			Name: name, Outcome: w.Outcome, StaleReasons: l.merged.StaleReasons(l.merged.Entries[name]),
			Changes: nonNegative(w.Changes), PlanDigest: plandigest.Parse(string(w.PlanDigest)), DurationMS: max(0, w.DurationMS), Error: w.Error,
			Withheld: w.Withheld, Plan: w.Plan, Warnings: w.Warnings, Refused: w.Refused,
		}
		if !planOutcomes[w.Outcome] || len(said) != len(names) || len(a.Workspaces) != len(names) {
			results[i] = run.WorkspaceResult{
				Name: name, Outcome: state.Failed, StaleReasons: results[i].StaleReasons, Error: "planner response does not match the request; see its log",
			}
		}
	}
	return results, nil
}

// planOutcomes are the possible outcomes of a plan of a pull request.
var planOutcomes = map[state.Outcome]bool{
	state.NoChanges: true, state.Pending: true, state.Failed: true, state.Blocked: true, state.Skipped: true,
}

func nonNegative(c state.Changes) state.Changes {
	return state.Changes{Add: max(0, c.Add), Change: max(0, c.Change), Destroy: max(0, c.Destroy), Replace: max(0, c.Replace)}
}

// sanitize removes control characters, which could move a terminal's cursor, and
// truncates the text to limit bytes.
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
