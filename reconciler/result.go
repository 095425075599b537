package reconciler

import (
	"errors"
	"slices"
	"strings"
	"time"

	"reconcile/state"
)

// Exit codes of a pass and of the commands built on it (docs: README, "Exit
// codes"). The first that applies is taken.
const (
	ExitOK       = 0  // in sync, or all applied
	ExitFailed   = 1  // something failed, or waits out its backoff after a failure
	ExitPending  = 2  // changes are pending, or wait for a person
	ExitBusy     = 3  // another run holds what this one needs
	ExitUsage    = 64 // wrong usage
	ExitInternal = 70 // a fault of ours
)

// Outcomes of a pass.
const (
	OutcomeInSync  = "in-sync"
	OutcomeApplied = "applied"
	OutcomeFailed  = "failed"
	OutcomeBlocked = "blocked"
	OutcomeBusy    = "busy"
	OutcomePending = "pending" // of a plan: there is something to apply
	OutcomeDrifted = "drifted" // of a look for drift: some is not as it was applied
)

// Result is what a pass did, as `reconcile now -o json` prints it. Fields may
// be added, never renamed.
type Result struct {
	Run        string            `json:"run"` // ULID
	Repo       string            `json:"repo"`
	Branch     string            `json:"branch"`
	Trigger    string            `json:"trigger"`
	From       string            `json:"from"`                // commit that the record had adopted before; "" for none
	To         string            `json:"to"`                  // tip
	Rewritten  bool              `json:"rewritten,omitempty"` // From is no ancestor of To: a force-push
	Outcome    string            `json:"outcome"`
	Snapshot   string            `json:"snapshot"` // where the tree of To is kept; "" when there was nothing to do
	Workspaces []WorkspaceResult `json:"workspaces"`
	Warnings   []string          `json:"warnings,omitempty"`
	Exit       int               `json:"exit"`
	// BehindSince is since when the branch has been ahead of what is applied;
	// zero when it is not, or when the record could not be read.
	BehindSince time.Time `json:"behind_since,omitzero"`
	// Drifted are the workspaces that are known to have drifted, sorted; nil
	// where what is recorded of the workspaces was not read.
	Drifted []string `json:"drifted,omitzero"`
}

// WorkspaceResult is what a pass did with one workspace.
type WorkspaceResult struct {
	Name         string        `json:"name"`
	Outcome      state.Outcome `json:"outcome"`
	StaleReasons []string      `json:"stale"` // the inputs that had changed
	Changes      state.Changes `json:"changes"`
	Risk         string        `json:"risk"`
	PlanDigest   string        `json:"digest"` // of the plan
	DurationMS   int64         `json:"duration_ms"`
	Error        string        `json:"error"`
	Warnings     []string      `json:"warnings,omitempty"`
	Suspended    bool          `json:"suspended,omitempty"` // by a person: alters no exit code
	Plan         string        `json:"plan,omitempty"`      // its text, from `reconcile plan`, `drift` and `preview` alone
	Refused      []string      `json:"refused,omitempty"`   // what keeps a pull request from being planned
}

// ResultOf returns the result that a run has recorded of a workspace.
func ResultOf(w state.RunWorkspace) WorkspaceResult {
	return WorkspaceResult{
		Name: w.Name, Outcome: w.Outcome, StaleReasons: w.StaleReasons, Changes: w.Changes,
		Risk: w.Risk, PlanDigest: w.PlanDigest, DurationMS: w.DurationMS, Error: w.Error,
	}
}

// history returns what is recorded of a result.
func (w WorkspaceResult) history() state.RunWorkspace {
	return state.RunWorkspace{
		Name: w.Name, Outcome: w.Outcome, StaleReasons: w.StaleReasons, Changes: w.Changes,
		Risk: w.Risk, PlanDigest: w.PlanDigest, DurationMS: w.DurationMS, Error: w.Error,
	}
}

// add adds the result of a workspace, or replaces it. What one round applied
// stays in the result when a later round finds it unchanged.
func (r *Result) add(w WorkspaceResult) {
	if w.StaleReasons == nil {
		w.StaleReasons = []string{}
	}
	i, found := slices.BinarySearchFunc(r.Workspaces, w.Name, func(have WorkspaceResult, name string) int {
		return strings.Compare(have.Name, name)
	})
	if !found {
		r.Workspaces = slices.Insert(r.Workspaces, i, w)
		return
	}
	before := r.Workspaces[i].Outcome
	if w.Outcome == state.Unchanged && (before == state.Applied || before == state.NoChanges) {
		return
	}
	r.Workspaces[i] = w
}

// finalize computes the outcome and the exit code. err is why the run as a
// whole failed.
func (r *Result) finalize(err error) {
	r.Exit, r.Outcome = exit(r.Workspaces)
	var internal *PanicError
	switch {
	case errors.As(err, &internal):
		r.Exit, r.Outcome = ExitInternal, OutcomeFailed
	case err != nil:
		r.Exit, r.Outcome = ExitFailed, OutcomeFailed
	}
}

// exit returns the exit code that the workspaces' outcomes add up to, and the
// pass's outcome that goes with it.
func exit(workspaces []WorkspaceResult) (int, string) {
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
		case state.Pending:
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
	case blocked, skipped && !pending: // in a plan, readers of what is pending are skipped
		return ExitPending, OutcomeBlocked
	case pending:
		return ExitPending, OutcomePending
	case applied:
		return ExitOK, OutcomeApplied
	}
	return ExitOK, OutcomeInSync
}

// passOutcome is the outcome of a pass that ended with an exit code before.
func passOutcome(exit int) string {
	switch exit {
	case ExitOK:
		return OutcomeInSync
	case ExitPending:
		return OutcomeBlocked
	case ExitBusy:
		return OutcomeBusy
	}
	return OutcomeFailed
}
