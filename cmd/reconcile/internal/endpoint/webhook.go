package endpoint

import (
	"context"
	"log/slog"
	"time"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

// tokenTimeout bounds reading the token from Secrets Manager.
const tokenTimeout = 10 * time.Second

// NewReceiver returns a receiver of Backlog's webhooks for the watched branch. It calls
// trigger for each webhook that needs a pass.
func NewReceiver(s *config.Settings, log *slog.Logger, from string, trigger func()) (*webhook.Receiver, error) {
	repo, err := backlog.RepoOf(s.Repo)
	if err != nil {
		return nil, usage.Errorf("give --repo as Backlog does, or leave --webhook out", "--webhook, but --repo %s is %w", config.StripUserinfo(s.Repo), err)
	}
	if from == "" {
		from = "backlog"
	}
	sources, err := webhook.ParseAllowlist(from)
	if err != nil {
		return nil, usage.Errorf("--webhook-from takes backlog, any, or addresses and ranges with commas between them", "--webhook-from: %w", err)
	}
	token, err := s.WebhookTokenReader()
	if err != nil {
		return nil, err
	}
	return &webhook.Receiver{
		Filter: webhook.Filter{Repo: repo, Branch: s.Branch}, Allowlist: sources, Token: token, Timeout: tokenTimeout, Log: log,
		Start: func(context.Context, webhook.Event) (string, error) {
			trigger()
			return "pass started", nil
		},
	}, nil
}
