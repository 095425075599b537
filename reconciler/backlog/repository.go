package backlog

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"
)

// Repo names a Git repository: by the project's key, and its name there.
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

// gitHost stands between a space and Backlog's domain in an SSH remote:
// SPACE@SPACE.git.backlog.com:/PROJ/repo.git.
const gitHost = ".git."

// Locate reads a Git remote: which space it belongs to (the URL that
// Options take), and which repository it is. Remotes over HTTPS are like
// https://SPACE.backlog.com/git/PROJ/repo.git; of Backlog Enterprise
// http://HOST:8969/backlog/git/PROJ/repo.git. Over SSH only those of the cloud
// tell where the API is.
func Locate(remote string) (space string, repo Repo, err error) {
	wrong := errors.New("not a Git remote of Backlog, which is like https://SPACE.backlog.com/git/PROJECT/repo.git")
	if host, path, ok := strings.Cut(strings.TrimPrefix(remote, "ssh://"), ":"); ok && !strings.Contains(host, "/") && strings.Contains(host, gitHost) {
		host = host[strings.Index(host, "@")+1:]
		repo, ok = split(path)
		if !ok {
			return "", Repo{}, wrong
		}
		return "https://" + strings.Replace(host, gitHost, ".", 1), repo, nil
	}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", Repo{}, wrong
	}
	before, after, ok := strings.Cut(u.Path, "/git/")
	if repo, found := split(after); ok && found {
		return u.Scheme + "://" + u.Host + before, repo, nil
	}
	return "", Repo{}, wrong
}

// split reads PROJ/repo.git.
func split(path string) (Repo, bool) {
	project, name, _ := strings.Cut(strings.Trim(path, "/"), "/")
	name = strings.TrimSuffix(name, ".git")
	return Repo{Project: project, Name: name}, project != "" && name != "" && !strings.Contains(name, "/")
}
