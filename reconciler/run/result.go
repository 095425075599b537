package run

import (
	"errors"
	"slices"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// Exit codes of a pass and of the commands built on it (docs: README, "Exit codes").
// The first one that applies is used.
const (
	ExitOK       = 0  // in sync, or everything applied
	ExitFailed   = 1  // a workspace failed, or waits for its backoff after a failure
	ExitPending  = 2  // changes are pending or wait for a person
	ExitBusy     = 3  // another run holds a required lease or lock
	ExitUsage    = 64 // usage error
	ExitInternal = 70 // internal error
)

// Outcomes of a pass.
const (
	OutcomeInSync  = "in-sync"
	OutcomeApplied = "applied"
	OutcomeFailed  = "failed"
	OutcomeBlocked = "blocked"
	OutcomeBusy    = "busy"
	OutcomePending = "pending" // plan: there are changes to apply
	OutcomeDrifted = "drifted" // drift check: a workspace has drifted
)

// Result is the result of a pass, as `reconcile now -o json` prints it. Fields may be
// added, never renamed.
type Result struct {
	Run       runid.ID    `json:"run"` // ULID
	Repo      string      `json:"repo"`
	Branch    string      `json:"branch"`
	Trigger   string      `json:"trigger"`
	From      commitid.ID `json:"from"`                // commit adopted before; "" for none
	To        commitid.ID `json:"to"`                  // tip
	Subject   string      `json:"subject,omitempty"`   // of To; "" if it was not fetched
	Rewritten bool        `json:"rewritten,omitempty"` // From is not an ancestor of To: a force-push
	Outcome   string      `json:"outcome"`
	Snapshot  string      `json:"snapshot"` // location of the stored tree of To; "" if there was nothing to do
	// FromSnapshot: To is the commit of a stored snapshot that a person named, not the tip.
	// Values are the variable files that were passed last.
	FromSnapshot bool              `json:"from_snapshot,omitempty"`
	Values       []string          `json:"values,omitempty"`
	Workspaces   []WorkspaceResult `json:"workspaces"`
	Warnings     []string          `json:"warnings,omitempty"`
	Exit         int               `json:"exit"`
	// IsPlan: nothing could be applied or recorded.
	IsPlan bool `json:"-"`
	// Named: only some workspaces were asked for.
	Named bool `json:"-"`
	// HasRecord: the pass has found the record, or made it.
	HasRecord bool `json:"-"`
	// Overtaken: the tip moved during the pass, which then began nothing more and left the
	// new tip to the next pass.
	Overtaken bool `json:"overtaken,omitempty"`
	// OutOfSyncSince is when the branch got ahead of what is applied; zero if it is not
	// ahead, or if the record could not be read.
	OutOfSyncSince time.Time `json:"behind_since,omitzero"`
	// Drifted lists the workspaces that are known to have drifted, sorted; nil if the
	// recorded workspaces were not read.
	Drifted []string `json:"drifted,omitzero"`
}

// WorkspaceResult is the result of a pass for one workspace.
type WorkspaceResult struct {
	Name         string              `json:"name"`
	Outcome      state.Outcome       `json:"outcome"`
	StaleReasons []string            `json:"stale"` // the changed inputs
	Changes      state.Changes       `json:"changes"`
	Risk         string              `json:"risk"`
	PlanDigest   plandigest.Digest   `json:"digest"`                  // of the plan
	Why          string              `json:"why,omitempty"`           // why the plan waits, or would wait without Approval
	Approval     *state.ApprovalFact `json:"approval,omitempty"`      // allowed the apply
	Teardown     *state.Teardown     `json:"teardown,omitempty"`      // the plan waits for these readers
	Rollout      string              `json:"rollout,omitempty"`       // where the rollout stands
	WhileServing bool                `json:"while_serving,omitempty"` // the plan waits until the workspace serves no traffic
	DurationMS   int64               `json:"duration_ms"`
	Error        string              `json:"error"`
	Risks        []state.ChangeRisk  `json:"risks,omitempty"` // of the plan's changes, the worst first
	Warnings     []string            `json:"warnings,omitempty"`
	Suspended    bool                `json:"suspended,omitempty"` // by a person; does not affect the exit code
	Plan         string              `json:"plan,omitempty"`      // plan text; only from `reconcile plan`, `drift` and `preview`
	Refused      []string            `json:"refused,omitempty"`   // why a pull request is not planned
	// Difference is what a plan that waits would change, if a person may approve it; nil
	// elsewhere.
	Difference *plandigest.Difference `json:"-"`
	// ChangesToApprove are the changes of such a plan that need approval. NeedsApprovalAsWhole:
	// the plan needs it, whatever its changes are. MayRunOwnCode: the plan may have run code of the pull request.
	// IsForeign: an untrusted process made the plan.
	ChangesToApprove     []risk.Change `json:"-"`
	NeedsApprovalAsWhole bool          `json:"-"`
	MayRunOwnCode        bool          `json:"-"`
	IsForeign            bool          `json:"-"`
	InSteps              bool          `json:"-"` // a pass would begin a rollout
	// Withheld is why a pass would not apply a pending plan: the gate, or a hold.
	Withheld string `json:"withheld,omitempty"`
}

// IsReplanned reports whether the workspace is not stale, and was planned only because
// someone asked for it.
func (w WorkspaceResult) IsReplanned() bool {
	return len(w.StaleReasons) == 0 || slices.Equal(w.StaleReasons, []string{ReplanReason})
}

// WaitsForOthers reports whether the plan waits for workspaces that may be applied meanwhile,
// also for its readers.
func (w WorkspaceResult) WaitsForOthers() bool { return w.Teardown != nil || w.WhileServing }

// ReplanReason stands in the place of the changed inputs of a workspace that is not stale.
const ReplanReason = "--replan"

// History returns the part of the result that a run records.
func (w WorkspaceResult) History() state.RunWorkspace {
	return state.RunWorkspace{
		Name: w.Name, Outcome: w.Outcome, Error: w.Error, StaleReasons: w.StaleReasons, DurationMS: w.DurationMS,
		Changes: w.Changes, PlanDigest: w.PlanDigest, Risk: w.Risk, Risks: w.Risks,
		Why: w.Why, Approval: w.Approval, Teardown: w.Teardown, WhileServing: w.WhileServing, Rollout: w.Rollout,
	}
}

// ResultOf returns the result that a run has recorded for a workspace: what History kept of it.
func ResultOf(w state.RunWorkspace) WorkspaceResult {
	return WorkspaceResult{
		Name: w.Name, Outcome: w.Outcome, Error: w.Error, StaleReasons: w.StaleReasons, DurationMS: w.DurationMS,
		Changes: w.Changes, PlanDigest: w.PlanDigest, Risk: w.Risk, Risks: w.Risks,
		Why: w.Why, Approval: w.Approval, Teardown: w.Teardown, WhileServing: w.WhileServing, Rollout: w.Rollout,
	}
}

// CopyPlan copies what the record of the workspace has of its last plan.
func (w *WorkspaceResult) CopyPlan(rec state.Workspace) {
	w.Changes, w.Risk, w.PlanDigest, w.Why = rec.Changes, rec.Risk, rec.PlanDigest, rec.Why
}

// RecordPlan copies what the record keeps of the plan to it.
func (w WorkspaceResult) RecordPlan(rec *state.Workspace) {
	rec.Changes, rec.Risk, rec.PlanDigest, rec.Why = w.Changes, w.Risk, w.PlanDigest, w.Why
}

// maxRisks is how many changes of a plan the history explains.
const maxRisks = 20

// RisksOf returns the changes of a plan for the history, the worst first.
func RisksOf(report risk.Report) []state.ChangeRisk {
	var risks []state.ChangeRisk
	for _, c := range report.Changes[:min(len(report.Changes), maxRisks)] {
		risks = append(risks, state.ChangeRisk{Address: c.Address, Risk: c.Risk.String(), Why: map[string]string{"en": c.Why.En, "ja": c.Why.Ja}})
	}
	return risks
}

// SetRange sets the commits of the result: what the record had adopted when the run
// first read it, and the tip.
func (r *Result) SetRange(head state.Head, tip source.Tip) {
	if r.To == "" {
		r.From = head.Commit
	}
	r.To = tip.Commit
}

// IsHeldBack reports whether the workspace was left alone because somebody suspended it. That
// changes no exit code.
func (w WorkspaceResult) IsHeldBack() bool { return w.Suspended && w.Outcome == state.Blocked }

// Find returns the result of a workspace, if the run has one.
func (r *Result) Find(workspace string) (WorkspaceResult, bool) {
	i, found := r.search(workspace)
	if !found {
		return WorkspaceResult{}, false
	}
	return r.Workspaces[i], true
}

// search returns where the result of a workspace is, or belongs.
func (r *Result) search(workspace string) (int, bool) {
	return slices.BinarySearchFunc(r.Workspaces, workspace, func(have WorkspaceResult, name string) int {
		return strings.Compare(have.Name, name)
	})
}

// Add adds or replaces the result of a workspace. A workspace that one round applied
// keeps that result when a later round finds nothing to apply, or that it was suspended
// meanwhile.
func (r *Result) Add(w WorkspaceResult) {
	if w.StaleReasons == nil {
		w.StaleReasons = []string{}
	}
	i, found := r.search(w.Name)
	if !found {
		r.Workspaces = slices.Insert(r.Workspaces, i, w)
		return
	}
	before := &r.Workspaces[i]
	switch {
	case w.Outcome == state.Unchanged && before.Outcome == state.NoChanges:
	case before.Outcome == state.Applied && (w.Outcome == state.Unchanged || w.Outcome == state.NoChanges):
		before.addWarnings(w.Warnings...)
	case before.Outcome == state.Applied && w.Suspended:
		before.addWarnings("stale again, but " + w.Error)
	default:
		*before = w
	}
}

// addWarnings adds those warnings that the workspace does not have yet.
func (w *WorkspaceResult) addWarnings(warnings ...string) {
	for _, text := range warnings {
		if !slices.Contains(w.Warnings, text) {
			w.Warnings = append(w.Warnings, text)
		}
	}
}

// Finalize computes the outcome and the exit code. err is the error of the whole run.
func (r *Result) Finalize(err error) {
	r.Exit, r.Outcome = Summarize(r.Workspaces)
	var internal *PanicError
	switch {
	case errors.As(err, &internal):
		r.Exit, r.Outcome = ExitInternal, OutcomeFailed
	case err != nil:
		r.Exit, r.Outcome = ExitFailed, OutcomeFailed
	case r.Overtaken && r.Outcome == OutcomeInSync:
		r.Exit, r.Outcome = ExitPending, OutcomePending
	}
}

// Summarize returns the exit code and the pass outcome for the outcomes of the workspaces.
func Summarize(workspaces []WorkspaceResult) (int, string) {
	var failed, busy, drifted, blocked, skipped, pending, applied bool
	for _, w := range workspaces {
		if w.Suspended {
			continue
		}
		switch w.Outcome {
		case state.Failed:
			failed = true
		case state.Busy:
			busy = true
		case state.Drifted:
			drifted = true
		case state.Blocked:
			blocked = true
		case state.Skipped:
			skipped = true
		case state.Pending, state.Rolling:
			pending = true
		case state.Applied:
			applied = true
		}
	}
	switch {
	case failed:
		return ExitFailed, OutcomeFailed
	case busy:
		return ExitBusy, OutcomeBusy
	case drifted:
		return ExitPending, OutcomeDrifted
	case blocked, skipped && !pending: // in a plan, readers of pending workspaces are skipped
		return ExitPending, OutcomeBlocked
	case pending:
		return ExitPending, OutcomePending
	case applied:
		return ExitOK, OutcomeApplied
	}
	return ExitOK, OutcomeInSync
}
