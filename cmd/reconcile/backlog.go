package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/secret"
	"reconcile/reconciler"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/notify/catalog"
)

// checkBacklog refuses wrong settings. Each command decides whether it needs Backlog.
func (s *settings) checkBacklog() error {
	switch value := s.BacklogCredentials; {
	case s.Lang != "" && !slices.Contains(catalog.Languages(), s.Lang):
		return usagef("--lang takes "+strings.Join(catalog.Languages(), " or "), "--lang %s is not known", s.Lang)
	case value == "", strings.HasPrefix(value, schemeSecret) && value != schemeSecret:
		return nil
	case value != "env":
		return usagef("--backlog-credentials takes secretsmanager://NAME or env", "--backlog-credentials %s is not known", value)
	case s.BacklogAPIKey == "":
		return usagef("set "+envBacklogKey, "--backlog-credentials env, but there is none in the environment")
	}
	return nil
}

// backlogProject is the Backlog project of the repository.
type backlogProject struct {
	client       *backlog.Client
	repo         backlog.Repo
	lang         string // from the settings; "": the language of the space
	limit        int    // length of a written text, in characters
	userID       int    // id of the key's user; 0: not fetched yet
	cachedWriter *notify.Writer
}

// openBacklog parses the addresses of the space and the repository, and reads the
// key. It does not call Backlog yet. limit is the maximum length of a text; 0: no limit.
func (p *deps) openBacklog(ctx context.Context, limit int) (*backlogProject, error) {
	s := &p.app.settings
	url, repo, err := backlog.ParseRemote(s.Repo)
	if err != nil {
		return nil, usagef("--repo takes its Git address, such as https://SPACE.backlog.com/git/PROJECT/repo.git",
			"--repo %s: %w", stripUserinfo(s.Repo), err)
	}
	if s.Backlog != "" {
		url = s.Backlog
	}
	o := backlog.Options{URL: url, Log: p.app.log}
	if o.APIKey, o.Token, err = p.backlogKey(ctx); err != nil {
		return nil, err
	}
	for _, value := range []secret.Text{o.APIKey, o.Token} {
		if value != "" {
			p.secrets = append(p.secrets, string(value))
		}
	}
	client, err := backlog.New(o)
	if err != nil {
		return nil, usagef("--backlog takes the address of the space, such as https://SPACE.backlog.com", "%w", err)
	}
	return &backlogProject{client: client, repo: repo, lang: s.Lang, limit: limit}, nil
}

// backlogKey reads the API key or the OAuth token that the settings name.
func (p *deps) backlogKey(ctx context.Context) (key, token secret.Text, err error) {
	s := &p.app.settings
	if !strings.HasPrefix(s.BacklogCredentials, schemeSecret) {
		if s.BacklogAPIKey == "" {
			return "", "", usagef("set "+envBacklogKey+", or --backlog-credentials secretsmanager://NAME", "no API key of Backlog")
		}
		return s.BacklogAPIKey, "", nil
	}
	cfg, err := p.aws()
	if err != nil {
		return "", "", err
	}
	value, err := readSecret(ctx, cfg, "--backlog-credentials", s.BacklogCredentials)
	if err != nil {
		return "", "", err
	}
	text := strings.TrimSpace(string(value))
	if !strings.HasPrefix(text, "{") {
		return secret.Text(text), "", nil
	}
	var fields struct {
		APIKey string `json:"api_key"`
		Token  string `json:"token"`
	}
	if json.Unmarshal([]byte(text), &fields) != nil || (fields.APIKey == "") == (fields.Token == "") {
		return "", "", errors.New(s.BacklogCredentials + `: the secret takes an API key, {"api_key": …} or {"token": …}`)
	}
	return secret.Text(fields.APIKey), secret.Text(fields.Token), nil
}

// writer returns a writer for the project's format, in the language of the settings
// or else of the space. It is created once.
func (b *backlogProject) writer(ctx context.Context) (*notify.Writer, error) {
	if b.cachedWriter != nil {
		return b.cachedWriter, nil
	}
	project, err := b.client.Project(ctx, b.repo.Project)
	if err != nil {
		return nil, fmt.Errorf("ask for the text format of project %s: %w", b.repo.Project, err)
	}
	lang := b.lang
	if lang == "" {
		space, err := b.client.Space(ctx)
		if err != nil {
			return nil, fmt.Errorf("ask for the language of the space: %w", err)
		}
		lang = space.Lang
	}
	if !slices.Contains(catalog.Languages(), lang) {
		lang = "en"
	}
	writer, err := notify.NewWriter(lang, notify.Format(project.TextFormattingRule))
	if err != nil {
		return nil, err
	}
	writer.MaxLength, b.cachedWriter = b.limit, writer
	return writer, nil
}

// Open implements reconciler.PullRequests.
func (b *backlogProject) Open(ctx context.Context, branch string) (open []reconciler.PullRequest, err error) {
	for pr, err := range b.client.PullRequests(ctx, b.repo, backlog.StatusOpen) {
		if err != nil {
			return nil, err
		}
		if pr.Base == branch {
			open = append(open, reconciler.PullRequest{Number: pr.Number, Title: pr.Summary, Branch: pr.Branch})
		}
	}
	return open, nil
}

// Comment implements reconciler.PullRequests. It ignores comments of other users,
// whatever they contain.
func (b *backlogProject) Comment(ctx context.Context, number int, isOwn func(string) bool) (found reconciler.Comment, err error) {
	if b.userID == 0 {
		me, err := b.client.Myself(ctx)
		if err != nil {
			return found, err
		}
		b.userID = me.ID
	}
	for c, err := range b.client.Comments(ctx, b.repo, number) {
		if err != nil {
			return found, err
		}
		if c.CreatedUser.ID == b.userID && isOwn(c.Content) {
			found = reconciler.Comment{ID: c.ID, Text: c.Content, At: c.Updated}
		}
	}
	return found, nil
}

// Put implements reconciler.PullRequests.
func (b *backlogProject) Put(ctx context.Context, number, id int, text string) (err error) {
	if id == 0 {
		_, err = b.client.AddComment(ctx, b.repo, number, text)
	} else {
		_, err = b.client.EditComment(ctx, b.repo, number, id, text)
	}
	return err
}
