package backlog

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
)

// Issue is an issue.
type Issue struct {
	ID      int    `json:"id"`
	Key     string `json:"issueKey"` // such as INFRA-12
	Summary string `json:"summary"`
	Status  struct {
		ID   int    `json:"id"`
		Name string `json:"name"`
	} `json:"status"`
}

// Statuses of issues that every project has.
const (
	IssueOpen       = 1
	IssueInProgress = 2
	IssueResolved   = 3
	IssueClosed     = 4
)

// Priorities of issues.
const (
	PriorityHigh   = 2
	PriorityNormal = 3
	PriorityLow    = 4
)

// IssueType is a type of issue in a project, such as Bug. Each issue has one.
type IssueType struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// NewIssue is an issue to create.
type NewIssue struct {
	ProjectID   int
	TypeID      int
	Priority    int // PriorityNormal if zero
	Summary     string
	Description string
}

// IssueTypes returns the issue types of a project, in its order.
func (c *Client) IssueTypes(ctx context.Context, project string) (types []IssueType, err error) {
	return types, c.get(ctx, projectPath(project)+"/issueTypes", nil, &types)
}

// Statuses returns the ids of the statuses that issues of a project can have.
func (c *Client) Statuses(ctx context.Context, project string) (ids []int, err error) {
	return c.ids(ctx, projectPath(project)+"/statuses")
}

// Priorities returns the ids of the priorities that issues can have.
func (c *Client) Priorities(ctx context.Context) (ids []int, err error) {
	return c.ids(ctx, "/priorities")
}

func (c *Client) ids(ctx context.Context, path string) (ids []int, err error) {
	var list []struct {
		ID int `json:"id"`
	}
	err = c.get(ctx, path, nil, &list)
	for _, item := range list {
		ids = append(ids, item.ID)
	}
	return ids, err
}

// Issue returns an issue by its key, or by its id in digits.
func (c *Client) Issue(ctx context.Context, key string) (issue Issue, err error) {
	return issue, c.get(ctx, issuePath(key), nil, &issue)
}

// CreateIssue creates an issue.
func (c *Client) CreateIssue(ctx context.Context, n NewIssue) (issue Issue, err error) {
	if n.Priority == 0 {
		n.Priority = PriorityNormal
	}
	form := url.Values{
		"projectId":   {strconv.Itoa(n.ProjectID)},
		"issueTypeId": {strconv.Itoa(n.TypeID)},
		"priorityId":  {strconv.Itoa(n.Priority)},
		"summary":     {n.Summary},
		"description": {n.Description},
	}
	return issue, c.call(ctx, http.MethodPost, "/issues", form, &issue)
}

// CommentIssue comments on an issue.
func (c *Client) CommentIssue(ctx context.Context, key, content string) (comment Comment, err error) {
	return comment, c.call(ctx, http.MethodPost, issuePath(key)+"/comments", url.Values{"content": {content}}, &comment)
}

// SetIssueStatus changes the status of an issue, with a comment.
func (c *Client) SetIssueStatus(ctx context.Context, key string, status int, comment string) (issue Issue, err error) {
	form := url.Values{"statusId": {strconv.Itoa(status)}}
	if comment != "" {
		form.Set("comment", comment)
	}
	return issue, c.call(ctx, http.MethodPatch, issuePath(key), form, &issue)
}

func issuePath(key string) string { return "/issues/" + url.PathEscape(key) }
