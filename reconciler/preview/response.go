package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// planResponse is the response of a planner. The planner ran unreviewed code, so the
// response is not trusted.
type planResponse struct {
	Workspaces []run.WorkspaceResult `json:"workspaces"`
	// Waiting are the plans that a pass would not apply by itself, by workspace.
	Waiting map[string]waitingPlan `json:"waiting,omitempty"`
	// Problem is an error of the pull request that prevents all its plans.
	Problem string `json:"problem,omitempty"`
	// Error is an error that the pull request did not cause.
	Error string `json:"error,omitempty"`
}

// Limits of a response, in bytes. A comment holds about 20,000 characters, so few
// readers miss what is cut off.
const (
	maxResponse         = 8 << 20
	maxPlans            = 2 << 20   // for all plans together
	maxText             = 8 << 10   // for an error or a warning
	maxLines            = 50        // warnings, and refusals, of one workspace
	maxChangesToApprove = 50        // changes of one workspace; a comment shows fewer
	maxSentence         = 1 << 10   // of a change to approve
	maxOfferSize        = 150 << 10 // of JSON: the record's item has 400 KB for the changes to approve and the difference
)

// waitingPlan is what a person needs to approve a plan.
type waitingPlan struct {
	Changes              []changeToApprove     `json:"asking"`
	NeedsApprovalAsWhole bool                  `json:"whole,omitempty"`
	Difference           plandigest.Difference `json:"difference"`
}

// changeToApprove is a change that needs approval.
type changeToApprove struct {
	Address string        `json:"address"`
	Risk    risk.Class    `json:"risk"`
	Why     risk.Sentence `json:"why"`
}

// noteWaiting adds what people need to approve the plans.
func (r *planResponse) noteWaiting() {
	r.Waiting = map[string]waitingPlan{}
	for _, w := range r.Workspaces {
		if w.Difference == nil {
			continue
		}
		waiting := waitingPlan{NeedsApprovalAsWhole: w.NeedsApprovalAsWhole, Difference: w.Difference.Limit()}
		for _, c := range w.ChangesToApprove[:min(len(w.ChangesToApprove), maxChangesToApprove)] {
			waiting.Changes = append(waiting.Changes, changeToApprove{c.Address, c.Risk, c.Why})
		}
		r.Waiting[w.Name] = waiting
	}
}

// truncate cuts the response to its limits.
func (r *planResponse) truncate() {
	r.Problem, r.Error = sanitize(r.Problem, maxText), sanitize(r.Error, maxText)
	for i := range r.Workspaces {
		w := &r.Workspaces[i]
		w.Plan = sanitize(w.Plan, maxPlans/len(r.Workspaces))
		w.Error, w.Withheld = sanitize(w.Error, maxText), sanitize(w.Withheld, maxText)
		w.Warnings, w.Refused = sanitizeAll(w.Warnings), sanitizeAll(w.Refused)
	}
}

// validate keeps only the fields of an untrusted response that can do no worse than
// mislead a reader of the comment. It takes one result for each requested workspace;
// stale reasons are recomputed.
func (p *pullRequestPlan) validate(response *planResponse, names []string) ([]run.WorkspaceResult, error) {
	response.truncate()
	if response.Error != "" {
		return nil, fmt.Errorf("the planner: %s", response.Error)
	}
	if response.Problem != "" {
		return nil, p.setError(errors.New(response.Problem))
	}
	byName := map[string]run.WorkspaceResult{}
	for _, w := range response.Workspaces {
		byName[w.Name] = w
	}
	results := make([]run.WorkspaceResult, len(names))
	for i, name := range names {
		w := byName[name]
		results[i] = run.WorkspaceResult{
			Name: name, Outcome: w.Outcome, StaleReasons: p.merged.StaleReasons(p.merged.Entries[name]),
			Changes: nonNegative(w.Changes), PlanDigest: plandigest.Parse(string(w.PlanDigest)), DurationMS: max(0, w.DurationMS), Error: w.Error,
			Withheld: w.Withheld, Plan: w.Plan, Warnings: w.Warnings, Refused: w.Refused, IsForeign: true,
		}
		if waiting, waits := response.Waiting[name]; waits {
			p.validateWaiting(&results[i], w, waiting)
		}
		if !planOutcomes[w.Outcome] || len(byName) != len(names) || len(response.Workspaces) != len(names) {
			results[i] = run.WorkspaceResult{
				Name: name, Outcome: state.Failed, StaleReasons: results[i].StaleReasons, Error: "planner response does not match the request; see its log",
			}
		}
	}
	return results, nil
}

// validateWaiting takes what people need to approve a plan. A forged digest approves nothing
// that its changes to approve do not show: a pass compares both with the plan that it makes.
func (p *pullRequestPlan) validateWaiting(result *run.WorkspaceResult, response run.WorkspaceResult, waiting waitingPlan) {
	class, err := risk.ParseClass(response.Risk)
	if err != nil || !result.PlanDigest.IsCurrent() || len(result.PlanDigest.Digits()) < plandigest.AbbrevLength || result.Outcome != state.Pending {
		return
	}
	result.Risk, result.Why = class.String(), sanitize(response.Why, maxText)
	for _, c := range waiting.Changes[:min(len(waiting.Changes), maxChangesToApprove)] {
		why := risk.Sentence{En: sanitize(c.Why.En, maxSentence), Ja: sanitize(c.Why.Ja, maxSentence)}
		result.ChangesToApprove = append(result.ChangesToApprove, risk.Change{Address: sanitize(c.Address, maxSentence), Risk: c.Risk, Why: why})
	}
	if isLargeJSON(result.ChangesToApprove) {
		result.ChangesToApprove = nil // nothing is shown
	}
	plan := &terraform.Plan{Digest: result.PlanDigest, Risk: risk.Report{Risk: class}}
	if approved, _ := gate.FindApproval(p.merged.Entries[result.Name].Approvals, plan, result.ChangesToApprove, p.tip.Config.Now()); approved != nil {
		result.Warnings = slices.DeleteFunc(result.Warnings, func(text string) bool { return text == result.Withheld })
		result.Withheld = ""
		return
	}
	difference := sanitizeDifference(waiting.Difference.Limit())
	if isLargeJSON(difference) {
		difference = plandigest.Difference{Omitted: len(difference.Changes)}
	}
	result.Difference, result.NeedsApprovalAsWhole = &difference, waiting.NeedsApprovalAsWhole
}

// isLargeJSON reports whether a value has no room in the record.
func isLargeJSON(value any) bool {
	data, err := json.Marshal(value)
	return err != nil || len(data) > maxOfferSize
}

func sanitizeDifference(d plandigest.Difference) plandigest.Difference {
	for i := range d.Changes {
		c := &d.Changes[i]
		c.Address, c.Action = sanitize(c.Address, maxSentence), sanitize(c.Action, maxSentence)
		for j := range c.Attributes {
			a := &c.Attributes[j]
			a.Path = sanitize(a.Path, maxSentence)
			for _, v := range []*plandigest.Value{&a.Before, &a.After} {
				v.Hash, v.Text = sanitize(v.Hash, maxSentence), sanitize(v.Text, maxSentence)
			}
		}
	}
	return d
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
