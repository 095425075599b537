package backlog

import (
	"context"
	"iter"
	"net/url"
	"strconv"
	"time"
)

// Status is the status of a pull request.
type Status int

// Statuses.
const (
	StatusOpen   Status = 1
	StatusClosed Status = 2
	StatusMerged Status = 3
)

// PullRequest is a pull request. Commits and times are empty where Backlog returns null.
type PullRequest struct {
	ID          int    `json:"id"`
	Number      int    `json:"number"`
	Summary     string `json:"summary"`
	Description string `json:"description"`
	Base        string `json:"base"`   // branch to merge into
	Branch      string `json:"branch"` // branch to merge
	Status      struct {
		ID   Status `json:"id"`
		Name string `json:"name"`
	} `json:"status"`
	Issue *struct {
		ID int `json:"id"`
	} `json:"issue"`
	BaseCommit   string     `json:"baseCommit"`
	BranchCommit string     `json:"branchCommit"`
	MergeCommit  string     `json:"mergeCommit"`
	MergedAt     *time.Time `json:"mergeAt"`
	ClosedAt     *time.Time `json:"closeAt"`
	CreatedUser  User       `json:"createdUser"`
	Created      time.Time  `json:"created"`
	Updated      time.Time  `json:"updated"`
}

// HeadRef returns the Git ref of a pull request's head.
func (p PullRequest) HeadRef() string { return "refs/pull/" + strconv.Itoa(p.Number) + "/head" }

// pageSize is the maximum that Backlog returns in one page.
const pageSize = 100

// PullRequests yields the pull requests with one of the statuses (none: any status), the
// newest first. It requests a page when the previous one is used up. It stops after an
// error.
func (c *Client) PullRequests(ctx context.Context, repo Repo, statuses ...Status) iter.Seq2[PullRequest, error] {
	return func(yield func(PullRequest, error) bool) {
		query := url.Values{"count": {strconv.Itoa(pageSize)}}
		for _, s := range statuses {
			query.Add("statusId[]", strconv.Itoa(int(s)))
		}
		seen := map[int]bool{} // a new pull request shifts the pages
		for offset := 0; ; offset += pageSize {
			query.Set("offset", strconv.Itoa(offset))
			var list []PullRequest
			if err := c.get(ctx, repo.path()+"/pullRequests", query, &list); err != nil {
				yield(PullRequest{}, err)
				return
			}
			before := len(seen)
			for _, p := range list {
				if !seen[p.Number] && !yield(p, nil) {
					return
				}
				seen[p.Number] = true
			}
			if len(list) < pageSize || c.warnIfRepeated(ctx, repo.path()+"/pullRequests", len(seen) == before) {
				return
			}
		}
	}
}

// warnIfRepeated warns of a full page that brought nothing new, and reports whether it did: the
// pages behind it would be the same, without end.
func (c *Client) warnIfRepeated(ctx context.Context, path string, nothingNew bool) bool {
	if nothingNew {
		c.Options.Log.WarnContext(ctx, "Backlog sent the same page again; the list may be incomplete", "request", "GET "+path)
	}
	return nothingNew
}

// PullRequest returns one pull request.
func (c *Client) PullRequest(ctx context.Context, repo Repo, number int) (p PullRequest, err error) {
	return p, c.get(ctx, pullRequestPath(repo, number), nil, &p)
}

func pullRequestPath(repo Repo, number int) string {
	return repo.path() + "/pullRequests/" + strconv.Itoa(number)
}
