package reconciler

import (
	"reconcile/reconciler/notify"
	"reconcile/reconciler/source"
)

// PullRequest is a branch that someone wants to be merged into the watched
// one.
type PullRequest struct {
	Number int    `json:"number"`
	Title  string `json:"title"`
	Branch string `json:"branch"`
	Head   string `json:"head"` // commit
}

// Preview is what a pass would do once a pull request is merged.
type Preview struct {
	Number  int    `json:"number"`
	Title   string `json:"title"`
	Branch  string `json:"branch"`
	Head    string `json:"head"`    // commit
	Tip     string `json:"tip"`     // of the watched branch
	Base    string `json:"base"`    // commit in which the two parted
	Outcome string `json:"outcome"` // "" where nothing was planned, because nothing changed
	// CrissCross: the branches were merged into each other; the newest commit that
	// both have was taken for Base.
	CrissCross bool              `json:"crossed,omitempty"`
	Conflicts  []source.Conflict `json:"conflicts,omitempty"`
	// Workspaces are those that the pull request makes stale.
	Workspaces []WorkspaceResult `json:"workspaces"`
	Readers    []Reader          `json:"readers,omitempty"`
	Removed    []string          `json:"removed,omitempty"` // workspaces whose directory it removes
	Renamed    []Renamed         `json:"renamed,omitempty"`
	// Waiting are those of Workspaces that have changes at the tip already, so
	// that their plans have both.
	Waiting []string `json:"waiting,omitempty"`
	// PermissionChanges are those for which it changes plan_role, env or allow_unlocked:
	// they are planned with those at the tip.
	PermissionChanges []string `json:"rights,omitempty"`
	Error             string   `json:"error,omitempty"` // why nothing in it could be planned
	// Inputs is the same for two previews that would say the same, as far as
	// Git and the record tell.
	Inputs string `json:"inputs"`
	Action string `json:"action"` // what was done about its comment
	// Comment is what was, or would be, written.
	Comment string `json:"comment,omitempty"`

	busy bool // it failed because another run holds what it needs
}

// NewPreview returns a preview of a pull request in which nothing is planned yet.
func (pr PullRequest) NewPreview(tip string) Preview {
	return Preview{Number: pr.Number, Title: pr.Title, Branch: pr.Branch, Head: pr.Head, Tip: tip, Workspaces: []WorkspaceResult{}}
}

// Reader is a workspace that would be looked at again after others.
type Reader struct {
	Name  string   `json:"name"`
	After []string `json:"after"`
}

// Renamed is a workspace whose state goes on under another name.
type Renamed struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Outcomes of a preview beside those of a plan.
const (
	OutcomeConflict = "conflict" // it cannot be merged
	OutcomeRefused  = "refused"  // what it asks for is not planned before it is merged
)

// Previews is what a round of previews came to, as `reconcile preview -o json`
// prints it. Fields may be added, never renamed.
type Previews struct {
	Repo         string    `json:"repo"`
	Branch       string    `json:"branch"`
	Tip          string    `json:"tip"`
	PullRequests []Preview `json:"pull_requests"`
	Exit         int       `json:"exit"`
}

// Actions of a Preview.
const (
	ActionAdded     = "added"     // the comment
	ActionEdited    = "edited"    // the comment
	ActionMoved     = "moved"     // the comment says what it said, of newer commits
	ActionUnchanged = "unchanged" // nothing was planned and nothing written
	ActionPrinted   = "printed"   // a dry run
	ActionFailed    = "failed"
)

// toNotification is a preview as it is told to people.
func (p *Preview) toNotification(branch, environment string) *notify.Preview {
	n := &notify.Preview{
		Number: p.Number, Branch: p.Branch, Base: branch, Head: p.Head, Tip: p.Tip, Environment: environment,
		Problem: p.Error, Failed: p.Outcome == OutcomeFailed, Inputs: p.Inputs,
		CrissCross: p.CrissCross, Removed: p.Removed, Waiting: p.Waiting, PermissionChanges: p.PermissionChanges,
	}
	for _, c := range p.Conflicts {
		n.Conflicts = append(n.Conflicts, notify.Conflict(c))
	}
	for _, r := range p.Renamed {
		n.Renamed = append(n.Renamed, notify.Renamed(r))
	}
	for _, r := range p.Readers {
		n.Readers = append(n.Readers, notify.Reader(r))
	}
	for _, w := range p.Workspaces {
		outcome := string(w.Outcome)
		if len(w.Refused) > 0 {
			outcome = OutcomeRefused
		}
		n.Workspaces = append(n.Workspaces, notify.Workspace{
			Name: w.Name, Outcome: outcome, Reasons: w.StaleReasons, Digest: w.PlanDigest, Plan: w.Plan, Error: w.Error,
			Add: w.Changes.Add, Change: w.Changes.Change, Replace: w.Changes.Replace, Destroy: w.Changes.Destroy,
			Refused: w.Refused, Warnings: w.Warnings,
		})
	}
	return n
}
