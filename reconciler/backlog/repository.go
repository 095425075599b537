package backlog

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Repo identifies a Git repository by the project's key and its name in the project.
type Repo struct {
	Project, Name string
}

func (r Repo) String() string { return r.Project + "/" + r.Name }

func (r Repo) path() string {
	return projectPath(r.Project) + "/git/repositories/" + url.PathEscape(r.Name)
}

// Repository is a Git repository.
type Repository struct {
	ID        int        `json:"id"`
	ProjectID int        `json:"projectId"`
	Name      string     `json:"name"`
	HTTPURL   string     `json:"httpUrl"`
	SSHURL    string     `json:"sshUrl"`
	PushedAt  *time.Time `json:"pushedAt"` // nil before the first push
}

// Repositories returns the repositories of a project.
func (c *Client) Repositories(ctx context.Context, project string) (list []Repository, err error) {
	return list, c.get(ctx, projectPath(project)+"/git/repositories", nil, &list)
}

// Repository returns one repository.
func (c *Client) Repository(ctx context.Context, repo Repo) (repository Repository, err error) {
	return repository, c.get(ctx, repo.path(), nil, &repository)
}

// gitHost is between a space and Backlog's domain in an SSH remote:
// SPACE@SPACE.git.backlog.com:/PROJ/repo.git.
const gitHost = ".git."

var errRemote = errors.New("not a Backlog Git remote: it must look like https://SPACE.backlog.com/git/PROJECT/repo.git")

// ParseRemote parses a Git remote. It returns the space, as the URL for Options, and the
// repository. An HTTPS remote is like https://SPACE.backlog.com/git/PROJ/repo.git, or
// http://HOST:8969/backlog/git/PROJ/repo.git for Backlog Enterprise. An SSH remote shows
// where the API is only for the cloud.
func ParseRemote(remote string) (space string, repo Repo, err error) {
	host, path, err := splitRemote(remote)
	if err != nil {
		return "", Repo{}, err
	}
	if repo, err = RepoOf(remote); err != nil {
		return "", Repo{}, err
	}
	if scheme, host, ok := strings.Cut(host, "://"); ok && scheme != "ssh" {
		if before, after, ok := strings.Cut(path, "/git/"); ok && strings.Count(after, "/") == 1 {
			return scheme + "://" + host + before, repo, nil
		}
	} else if ok && strings.Contains(host, gitHost) {
		return "https://" + strings.Replace(host, gitHost, ".", 1), repo, nil
	}
	return "", Repo{}, errRemote
}

// RepoOf returns the repository of a Git remote, whose path ends in PROJECT/repo.git, for
// any protocol.
func RepoOf(remote string) (Repo, error) {
	_, path, err := splitRemote(remote)
	if err != nil {
		return Repo{}, err
	}
	parts := strings.Split(strings.TrimSuffix(strings.Trim(path, "/"), ".git"), "/")
	if len(parts) < 2 || slices.Contains(parts, "") {
		return Repo{}, errRemote
	}
	return Repo{Project: parts[len(parts)-2], Name: parts[len(parts)-1]}, nil
}

// splitRemote splits a remote into host and path, without credentials: a URL into
// scheme://host and path, and user@host:path as ssh does.
func splitRemote(remote string) (host, path string, err error) {
	if u, err := url.Parse(remote); err == nil && u.Host != "" {
		return u.Scheme + "://" + strings.TrimSuffix(u.Host, ":"), u.Path, nil
	}
	host, path, ok := strings.Cut(strings.TrimPrefix(remote, "ssh://"), ":")
	if !ok || strings.Contains(host, "/") {
		return "", "", errRemote
	}
	return "ssh://" + host[strings.LastIndex(host, "@")+1:], path, nil
}
