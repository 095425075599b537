package preview

import (
	"reconcile/internal/commitid"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
)

// PullRequest is a request to merge a branch into the watched branch.
type PullRequest struct {
	Number int         `json:"number"`
	Title  string      `json:"title"`
	Branch string      `json:"branch"`
	Head   commitid.ID `json:"head"` // commit
	// OpenerID is the numeric id of the user who opened it.
	OpenerID int `json:"-"`
}

// Preview is the result that a pass would have after the pull request is merged.
type Preview struct {
	Number  int         `json:"number"`
	Title   string      `json:"title"`
	Branch  string      `json:"branch"`
	Head    commitid.ID `json:"head"`    // commit
	Tip     commitid.ID `json:"tip"`     // of the watched branch
	Base    commitid.ID `json:"base"`    // merge base
	Outcome string      `json:"outcome"` // "" if nothing was planned because nothing changed
	// CrissCross: the branches were merged into each other (criss-cross merge); Base is
	// their newest common commit.
	CrissCross bool              `json:"criss_cross,omitempty"`
	Conflicts  []source.Conflict `json:"conflicts,omitempty"`
	// Workspaces has what the pull request makes stale.
	Workspaces []run.WorkspaceResult `json:"workspaces"`
	Readers    []Reader              `json:"readers,omitempty"`
	Removed    []string              `json:"removed,omitempty"` // workspaces that it removes
	Renamed    []Renamed             `json:"renamed,omitempty"`
	// Waiting names the Workspaces that already have changes at the tip, so that their
	// plans contain both.
	Waiting []string `json:"waiting,omitempty"`
	// PermissionChanges are the workspaces whose plan_role, env or allow_unlocked it
	// changes: they are planned with the settings at the tip.
	PermissionChanges []string `json:"permission_changes,omitempty"`
	Error             string   `json:"error,omitempty"` // why nothing could be planned
	// Inputs is a digest of what Git and the record contribute to the preview: previews
	// with the same Inputs say the same.
	Inputs string `json:"-"`
	Action string `json:"action"` // what was done with its comment
	// Comment is the comment that was written, or would be.
	Comment string `json:"comment,omitempty"`

	busy bool // it failed because another run holds a required lease or lock
}

// NewPreview returns a preview of the pull request without any plans.
func (pr PullRequest) NewPreview(tip commitid.ID) Preview {
	return Preview{Number: pr.Number, Title: pr.Title, Branch: pr.Branch, Head: pr.Head, Tip: tip, Workspaces: []run.WorkspaceResult{}}
}

// Reader is a workspace that a pass would check again after others are applied.
type Reader struct {
	Name  string   `json:"name"`
	After []string `json:"after"`
}

// Renamed is a workspace whose state continues under another name.
type Renamed struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Outcomes of a preview, in addition to those of a plan.
const (
	OutcomeConflict = "conflict" // it cannot be merged
	OutcomeRefused  = "refused"  // it is not planned before it is merged
)

// Round is the result of a round of previews, as `reconcile preview -o json` prints
// it. Fields may be added, never renamed.
type Round struct {
	Repo         string      `json:"repo"`
	Branch       string      `json:"branch"`
	Tip          commitid.ID `json:"tip"`
	PullRequests []Preview   `json:"pull_requests"`
	Exit         int         `json:"exit"`
}

// Actions of a Preview.
const (
	ActionAdded     = "added"     // the comment
	ActionEdited    = "edited"    // the comment
	ActionMoved     = "moved"     // the comment is the same; it now names newer commits
	ActionUnchanged = "unchanged" // nothing was planned and nothing written
	ActionPrinted   = "printed"   // a dry run
	ActionFailed    = "failed"
)

// offerOf returns what people need to approve a plan; nil if nobody may.
func offerOf(w run.WorkspaceResult) *notify.Offer {
	if w.Outcome != state.Pending || w.Withheld == "" || w.Difference == nil {
		return nil // or a hold or an upstream keeps it, or no approval helps
	}
	o := &notify.Offer{Risk: w.Risk, IsWhole: w.NeedsApprovalAsWhole, IsUnsafe: w.MayRunOwnCode, IsForeign: w.IsForeign}
	for _, c := range w.ChangesToApprove {
		o.Changes = append(o.Changes, notify.ChangeToApprove{Address: c.Address, Risk: c.Risk.String(), Why: map[string]string{"en": c.Why.En, "ja": c.Why.Ja}})
	}
	return o
}

// toNotification returns what the comment says. takesComments: plans can be approved by
// comments.
func (p *Preview) toNotification(branch, environment string, takesComments bool) *notify.Preview {
	n := &notify.Preview{
		TakesComments: takesComments,
		Number:        p.Number, Branch: p.Branch, Base: branch, Head: p.Head, Tip: p.Tip, Environment: environment,
		Problem: p.Error, Failed: p.Outcome == run.OutcomeFailed, Inputs: p.Inputs,
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
			Offer: offerOf(w),
			Name:  w.Name, Outcome: outcome, Reasons: w.StaleReasons, Digest: w.PlanDigest, Plan: w.Plan, Error: w.Error,
			Add: w.Changes.Add, Change: w.Changes.Change, Replace: w.Changes.Replace, Destroy: w.Changes.Destroy,
			Refused: w.Refused, Warnings: w.Warnings,
		})
	}
	return n
}
