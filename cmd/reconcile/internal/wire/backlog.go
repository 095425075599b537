package wire

import (
	"context"

	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/secret"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// openPullRequests opens the service whose comments can approve plans.
func (p *Deps) openPullRequests(ctx context.Context) (run.PullRequests, error) {
	return p.OpenBacklog(ctx, notify.MaxCommentLength)
}

// OpenBacklog parses the addresses of the space and the repository, and reads the
// key. It does not call Backlog yet. limit is the maximum length of a text; 0: no limit.
func (p *Deps) OpenBacklog(ctx context.Context, limit int) (*backlognotify.Project, error) {
	s := p.Settings
	url, repo, err := backlog.ParseRemote(s.Repo)
	if err != nil {
		return nil, usage.Errorf("--repo takes its Git address, such as https://SPACE.backlog.com/git/PROJECT/repo.git",
			"--repo %s: %w", config.StripUserinfo(s.Repo), err)
	}
	if s.Backlog != "" {
		url = s.Backlog
	}
	o := backlog.Options{URL: url, Log: p.log}
	if o.APIKey, o.Token, err = s.ReadBacklogKey(ctx, p.AWS); err != nil {
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
	return &backlognotify.Project{Client: client, Repo: repo, Lang: s.Lang, MaxLength: limit, Log: p.log}, nil
}
