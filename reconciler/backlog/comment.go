package backlog

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Comment is a comment on a pull request or an issue.
type Comment struct {
	ID          int       `json:"id"`
	Content     string    `json:"content"` // empty if only a field was changed
	CreatedUser User      `json:"createdUser"`
	Created     time.Time `json:"created"`
	Updated     time.Time `json:"updated"`
}

// Comments yields the comments on a pull request, the oldest first. It stops after an
// error.
func (c *Client) Comments(ctx context.Context, repo Repo, number int) iter.Seq2[Comment, error] {
	return func(yield func(Comment, error) bool) {
		query := url.Values{"count": {strconv.Itoa(pageSize)}, "order": {"asc"}}
		for last := 0; ; {
			var list []Comment
			if err := c.get(ctx, pullRequestPath(repo, number)+"/comments", query, &list); err != nil {
				yield(Comment{}, err)
				return
			}
			before := last
			for _, comment := range list {
				if comment.ID > last && !yield(comment, nil) {
					return
				}
				last = max(last, comment.ID)
			}
			if len(list) < pageSize || c.warnIfRepeated(ctx, pullRequestPath(repo, number)+"/comments", last == before) {
				return
			}
			query.Set("minId", strconv.Itoa(last)) // the documentation does not say whether this id is included
		}
	}
}

// AddComment comments on a pull request and notifies the users with the given ids.
func (c *Client) AddComment(ctx context.Context, repo Repo, number int, content string, notify ...int) (comment Comment, err error) {
	form := url.Values{"content": {content}}
	for _, id := range notify {
		form.Add("notifiedUserId[]", strconv.Itoa(id))
	}
	return comment, c.call(ctx, http.MethodPost, pullRequestPath(repo, number)+"/comments", form, &comment)
}

// EditComment replaces the text of the client's own comment on a pull request.
func (c *Client) EditComment(ctx context.Context, repo Repo, number, id int, content string) (comment Comment, err error) {
	path := pullRequestPath(repo, number) + "/comments/" + strconv.Itoa(id)
	return comment, c.call(ctx, http.MethodPatch, path, url.Values{"content": {content}}, &comment)
}
