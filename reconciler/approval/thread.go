package approval

import (
	"time"

	"reconcile/internal/commitid"
)

// PullRequest is a pull request as far as approvals need it.
type PullRequest struct {
	Number   int
	OpenerID int // numeric id of the user who opened it
	IsOpen   bool
	IsMerged bool
	// Head is the commit that it merges or has merged; "": not known.
	Head commitid.ID
	// MergeCommit is what merged it; "": not known.
	MergeCommit commitid.ID
}

// Comment is a comment on a pull request. The service's clock gives its times.
type Comment struct {
	ID        int
	AuthorID  int
	IsOwn     bool // written by reconcile's own account
	Text      string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// maxSilentEdit is how long after its creation a comment may have been touched: the service
// itself may do that. An edit in this time is found by the text that was read before.
const maxSilentEdit = time.Minute

// IsEdited reports whether the comment was changed after it was written.
func (c Comment) IsEdited() bool { return c.UpdatedAt.Sub(c.CreatedAt) > maxSilentEdit }
