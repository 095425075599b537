package main

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/secret"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify/catalog"
)

// checkBacklog refuses wrong settings. Each command decides whether it needs Backlog.
func (s *settings) checkBacklog() error {
	switch value := s.BacklogCredentials; {
	case s.Lang != "" && !slices.Contains(catalog.Languages(), s.Lang):
		return usage.Errorf("--lang takes "+strings.Join(catalog.Languages(), " or "), "--lang %s is not known", s.Lang)
	case value == "", strings.HasPrefix(value, schemeSecret) && value != schemeSecret:
		return nil
	case value != "env":
		return usage.Errorf("--backlog-credentials takes secretsmanager://NAME or env", "--backlog-credentials %s is not known", value)
	case s.BacklogAPIKey == "":
		return usage.Errorf("set "+envBacklogKey, "--backlog-credentials env, but there is none in the environment")
	}
	return nil
}

// openBacklog parses the addresses of the space and the repository, and reads the
// key. It does not call Backlog yet. limit is the maximum length of a text; 0: no limit.
func (p *deps) openBacklog(ctx context.Context, limit int) (*backlognotify.Project, error) {
	s := &p.app.settings
	url, repo, err := backlog.ParseRemote(s.Repo)
	if err != nil {
		return nil, usage.Errorf("--repo takes its Git address, such as https://SPACE.backlog.com/git/PROJECT/repo.git",
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
		return nil, usage.Errorf("--backlog takes the address of the space, such as https://SPACE.backlog.com", "%w", err)
	}
	return &backlognotify.Project{Client: client, Repo: repo, Lang: s.Lang, MaxLength: limit}, nil
}

// backlogKey reads the API key or the OAuth token that the settings name.
func (p *deps) backlogKey(ctx context.Context) (key, token secret.Text, err error) {
	s := &p.app.settings
	if !strings.HasPrefix(s.BacklogCredentials, schemeSecret) {
		if s.BacklogAPIKey == "" {
			return "", "", usage.Errorf("set "+envBacklogKey+", or --backlog-credentials secretsmanager://NAME", "no API key of Backlog")
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
