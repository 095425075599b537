// Package webhook takes what Backlog sends when something happens. There are
// two systems of webhooks, a project's and a Git repository's; neither is
// signed, so that nothing in them is believed: an event is a reason to ask
// Git, and no more.
//
// It is imported by a Lambda function that must start at once, and keeps to
// the standard library.
package webhook

import (
	"fmt"
	"strings"

	"reconcile/reconciler/backlog"
)

// Event is what a webhook says. Whatever Backlog leaves out or calls null is
// empty.
type Event struct {
	// ID is the same when the same event is sent again.
	ID         string
	Type       backlog.ActivityType // a Git webhook's is always Pushed
	Project    string               // key
	Repository string               // name

	Ref     string // of a push, such as refs/heads/main
	Deleted bool   // the ref is gone

	Number int    // of a pull request
	Base   string // branch that it is to be merged into
	Merged bool   // by this
}

const (
	branchRefs = "refs/heads/"
	tagRefs    = "refs/tags/"
)

// Filter is what is watched.
type Filter struct {
	Repo   backlog.Repo
	Branch string
}

// ShouldStart says whether the watched branch may have moved, and why, or why not.
// What an event does not say does not speak against it.
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
			return false, fmt.Sprintf("the pull request %d was not merged by this", e.Number)
		case e.Base != "" && e.Base != f.Branch:
			return false, fmt.Sprintf("the pull request %d was merged into %s", e.Number, e.Base)
		}
		return true, fmt.Sprintf("the pull request %d was merged", e.Number)
	}
	return false, fmt.Sprintf("activities of type %d move no branch", e.Type)
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
	return false, "no branch was pushed: " + e.Ref
}

// isDifferent: keys and names are compared as Backlog does, in any case.
func isDifferent(name, watched string) bool { return name != "" && !strings.EqualFold(name, watched) }
