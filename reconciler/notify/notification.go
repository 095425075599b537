package notify

import (
	"slices"
	"time"
)

// Notification is what a channel has not told people yet.
type Notification struct {
	Run         string           `json:"run"`
	Repo        string           `json:"repo"`
	Branch      string           `json:"branch"`
	Environment string           `json:"environment,omitempty"`
	Commit      string           `json:"commit"` // the tip
	At          time.Time        `json:"at"`
	Events      []WorkspaceEvent `json:"workspaces"` // by name, never empty

	// Merges up to Since were told of before, the last on these pull requests.
	// Who tells on pull requests brings both up to date.
	MergedSince      time.Time `json:"-"`
	LastPullRequests []int     `json:"-"`
}

// WorkspaceEvent is what became of one workspace.
type WorkspaceEvent struct {
	Name       string `json:"name"`
	Outcome    string `json:"outcome"` // part of a key of the catalogue
	Recovered  bool   `json:"recovered,omitempty"`
	AboutDrift bool   `json:"drift,omitempty"` // it is about drift: that it was found, or is gone
	Add        int    `json:"add"`
	Change     int    `json:"change"`
	Replace    int    `json:"replace"`
	Destroy    int    `json:"destroy"`
	Error      string `json:"error,omitempty"`
	Commit     string `json:"commit,omitempty"` // that it was last applied at
	Run        string `json:"run,omitempty"`    // that its outcome is of
	// Issue is the key of the open issue about it. Who opens or closes one
	// brings it up to date.
	Issue string `json:"-"`
}

// HasFailed tells whether people should act.
func (n WorkspaceEvent) HasFailed() bool { return n.Outcome == "failed" }

// HasDrifted tells whether it was changed behind Git's back.
func (n WorkspaceEvent) HasDrifted() bool { return n.Outcome == "drifted" }

// Outcome is the worst of the workspaces': failed, blocked, drifted, applied,
// or recovered.
func (r *Notification) Outcome() string {
	for _, outcome := range []string{"failed", "blocked", "drifted", "applied"} {
		if slices.ContainsFunc(r.Events, func(n WorkspaceEvent) bool { return n.Outcome == outcome }) {
			return outcome
		}
	}
	return "recovered"
}

// NamesByOutcome are the workspaces with an outcome; "" stands for any.
func (r *Notification) NamesByOutcome(outcome string) []string {
	var names []string
	for _, n := range r.Events {
		if outcome == "" || n.Outcome == outcome {
			names = append(names, n.Name)
		}
	}
	return names
}
