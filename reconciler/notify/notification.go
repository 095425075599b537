package notify

import (
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
)

// Notification is what a channel has not notified people of yet.
type Notification struct {
	Run         runid.ID         `json:"run"`
	Repo        string           `json:"repo"`
	Branch      string           `json:"branch"`
	Environment string           `json:"environment,omitempty"`
	Commit      commitid.ID      `json:"commit"` // the tip
	At          time.Time        `json:"at"`
	Events      []WorkspaceEvent `json:"workspaces"` // sorted by name, never empty

	// PageURL returns where people open the page of the run in a language; nil: there is none.
	PageURL func(language string, run runid.ID) string `json:"-"`

	// Earlier notifications covered the merges up to MergedSince, the last of them with
	// these pull requests. A notifier for pull requests updates both fields.
	MergedSince      time.Time `json:"-"`
	LastPullRequests []int     `json:"-"`
	// Posted are the comments on pull requests that a notifier has added.
	Posted []Posted `json:"-"`
}

// Posted is a comment that was added to a pull request.
type Posted struct{ PullRequest, Comment int }

// WorkspaceEvent is a change of one workspace's outcome.
type WorkspaceEvent struct {
	Name       string      `json:"name"`
	Outcome    string      `json:"outcome"` // part of a key of the catalogue
	Recovered  bool        `json:"recovered,omitempty"`
	AboutDrift bool        `json:"drift,omitempty"` // drift was found, or has ended
	Add        int         `json:"add"`
	Change     int         `json:"change"`
	Replace    int         `json:"replace"`
	Destroy    int         `json:"destroy"`
	Error      string      `json:"error,omitempty"`
	Commit     commitid.ID `json:"commit,omitempty"` // last applied commit
	Run        runid.ID    `json:"run,omitempty"`    // run of the outcome
	// Withheld is why a pass would not revert the drift; "": it would.
	Withheld string `json:"withheld,omitempty"`
	// FromSnapshot: a person applied a stored snapshot, and passes leave the workspace until a
	// commit of the branch says the same.
	FromSnapshot bool `json:"from_snapshot,omitempty"`
	// Issue is the key of its open issue. A notifier that opens or closes an issue updates
	// it.
	Issue string `json:"-"`
	// Approvable is the digest of a plan that waits, if a comment can approve it; "" elsewhere.
	Approvable plandigest.Digest `json:"-"`
}

// PassName is the name of the event of a pass that failed as a whole, or works again.
const PassName = "(pass)"

// HasFailed reports whether the workspace failed, so that people should act.
func (e WorkspaceEvent) HasFailed() bool { return e.Outcome == "failed" }

// HasDrifted reports whether the workspace was changed outside of Git.
func (e WorkspaceEvent) HasDrifted() bool { return e.Outcome == "drifted" }

// Outcome returns the worst outcome of the workspaces: failed, blocked, drifted,
// rolling, applied, or recovered.
func (r *Notification) Outcome() string {
	for _, outcome := range []string{"failed", "blocked", "drifted", "rolling", "applied"} {
		if slices.ContainsFunc(r.Events, func(n WorkspaceEvent) bool { return n.Outcome == outcome }) {
			return outcome
		}
	}
	return "recovered"
}

// namesByOutcome returns the workspaces with an outcome; "" matches any.
func (r *Notification) namesByOutcome(outcome string) []string {
	var names []string
	for _, n := range r.Events {
		if outcome == "" || n.Outcome == outcome {
			names = append(names, n.Name)
		}
	}
	return names
}
