package backlog

import (
	"context"
	"net/url"
)

// Space is a team's Backlog.
type Space struct {
	Key                string `json:"spaceKey"`
	Name               string `json:"name"`
	Lang               string `json:"lang"` // such as ja; may be empty
	TextFormattingRule Format `json:"textFormattingRule"`
}

// Format is the text format of a project.
type Format string

// Formats.
const (
	Markdown Format = "markdown"
	Notation Format = "backlog" // Backlog's own
)

// Project is a project of a space.
type Project struct {
	ID                 int    `json:"id"`
	Key                string `json:"projectKey"`
	Name               string `json:"name"`
	TextFormattingRule Format `json:"textFormattingRule"`
}

// User is a person or a bot account.
type User struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
}

// Space returns the space. It is the cheapest check of the URL and the key.
func (c *Client) Space(ctx context.Context) (space Space, err error) {
	return space, c.get(ctx, "/space", nil, &space)
}

// Myself returns the user of the key.
func (c *Client) Myself(ctx context.Context) (user User, err error) {
	return user, c.get(ctx, "/users/myself", nil, &user)
}

// Project returns a project by its key, or by its id in digits.
func (c *Client) Project(ctx context.Context, key string) (project Project, err error) {
	return project, c.get(ctx, projectPath(key), nil, &project)
}

func projectPath(key string) string { return "/projects/" + url.PathEscape(key) }
