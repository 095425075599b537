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
func (d *Deps) openPullRequests(ctx context.Context) (run.PullRequests, error) {
	return d.OpenBacklog(ctx, notify.MaxCommentLength)
}

// OpenBacklog parses the addresses of the space and the repository, and reads the
// key. It does not call Backlog yet. limit is the maximum length of a text; 0: no limit.
func (d *Deps) OpenBacklog(ctx context.Context, limit int) (*backlognotify.Project, error) {
	s := d.Settings
	url, repo, err := backlog.ParseRemote(s.Repo)
	if err != nil {
		return nil, usage.Errorf("--repo takes its Git address, such as https://SPACE.backlog.com/git/PROJECT/repo.git",
			"--repo %s: %w", config.StripUserinfo(s.Repo), err)
	}
	if s.Backlog != "" {
		url = s.Backlog
	}
	o := backlog.Options{URL: url, Log: d.log}
	if o.APIKey, o.Token, err = s.ReadBacklogKey(ctx, d.AWS); err != nil {
		return nil, err
	}
	for _, value := range []secret.Text{o.APIKey, o.Token} {
		if value != "" {
			d.secrets = append(d.secrets, string(value))
		}
	}
	client, err := backlog.New(o)
	if err != nil {
		return nil, usage.Errorf("--backlog takes the address of the space, such as https://SPACE.backlog.com", "%w", err)
	}
	return &backlognotify.Project{Client: client, Repo: repo, Lang: s.Lang, MaxLength: limit, Log: d.log}, nil
}
