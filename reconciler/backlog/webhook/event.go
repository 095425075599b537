// Package webhook receives webhooks from Backlog. Backlog has two systems of webhooks:
// those of a project and those of a Git repository. Neither is signed, so nothing in them
// is trusted: an event is only a reason to ask Git.
//
// A Lambda function imports this package and must start fast, so the package uses only the
// standard library.
package webhook

import (
	"fmt"
	"strings"

	"reconcile/reconciler/backlog"
)

// Event is the content of a webhook. A field that Backlog omits or sets to null is empty.
type Event struct {
	// ID is the same when the same event is sent again.
	ID         string
	Type       backlog.ActivityType // always GitPushed for a Git webhook
	Project    string               // key
	Repository string               // name

	Ref     string // of a push, such as refs/heads/main
	Deleted bool   // the ref was deleted

	Number int    // of a pull request
	Base   string // branch to merge into
	Merged bool   // by this event
}

const (
	branchRefs = "refs/heads/"
	tagRefs    = "refs/tags/"
)

// Filter is the watched repository and branch.
type Filter struct {
	Repo   backlog.Repo
	Branch string
}

// ShouldStart reports whether the watched branch may have changed, with the reason. A field
// that the event lacks matches everything.
func (f Filter) ShouldStart(e Event) (starts bool, reason string) {
	if isDifferent(e.Project, f.Repo.Project) || isDifferent(e.Repository, f.Repo.Name) {
		return false, fmt.Sprintf("it is about the repository %s/%s", e.Project, e.Repository)
	}
	switch e.Type {
	case backlog.GitPushed:
		return f.matchPush(e)
	case backlog.PullRequestAdded, backlog.PullRequestUpdated, backlog.PullRequestCommented, backlog.PullRequestMerged:
		switch {
		case !e.Merged:
			return false, fmt.Sprintf("pull request %d was not merged by this event", e.Number)
		case e.Base != "" && e.Base != f.Branch:
			return false, fmt.Sprintf("pull request %d was merged into %s", e.Number, e.Base)
		}
		return true, fmt.Sprintf("pull request %d was merged", e.Number)
	}
	return false, fmt.Sprintf("activities of type %d do not change a branch", e.Type)
}

func (f Filter) matchPush(e Event) (bool, string) {
	branch, isBranch := strings.CutPrefix(e.Ref, branchRefs)
	tag, isTag := strings.CutPrefix(e.Ref, tagRefs)
	switch {
	case isTag:
		return false, "a tag was pushed: " + tag
	case isBranch && branch != f.Branch:
		return false, "another branch was pushed: " + branch
	case isBranch && e.Deleted:
		return false, "the branch was deleted: there is nothing to apply"
	case isBranch || e.Ref == "":
		return true, f.Branch + " was pushed"
	}
	return false, "the pushed ref is not a branch: " + e.Ref
}

// isDifferent reports whether a key or a name is not the watched one. It ignores case, as Backlog
// does. An empty name matches.
func isDifferent(name, watched string) bool { return name != "" && !strings.EqualFold(name, watched) }
