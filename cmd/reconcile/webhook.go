package main

import (
	"context"
	"strings"
	"time"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/secret"
	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

// tokenTimeout bounds reading the token from Secrets Manager.
const tokenTimeout = 10 * time.Second

// newReceiver returns a receiver of Backlog's webhooks for the watched branch. It calls
// trigger for each webhook that needs a pass.
func (a *app) newReceiver(from string, trigger func()) (*webhook.Receiver, error) {
	repo, err := backlog.RepoOf(a.settings.Repo)
	if err != nil {
		return nil, usage.Errorf("give --repo as Backlog does, or leave --webhook out", "--webhook, but --repo %s is %w", stripUserinfo(a.settings.Repo), err)
	}
	if from == "" {
		from = "backlog"
	}
	sources, err := webhook.ParseAllowlist(from)
	if err != nil {
		return nil, usage.Errorf("--webhook-from takes backlog, any, or addresses and ranges with commas between them", "--webhook-from: %w", err)
	}
	token, err := a.webhookTokenReader()
	if err != nil {
		return nil, err
	}
	return &webhook.Receiver{
		Filter: webhook.Filter{Repo: repo, Branch: a.settings.Branch}, Allowlist: sources, Token: token, Timeout: tokenTimeout, Log: a.log,
		Start: func(context.Context, webhook.Event) (string, error) {
			trigger()
			return "pass started", nil
		},
	}, nil
}

// webhookTokenReader returns a function that reads the token that callers must send.
func (a *app) webhookTokenReader() (func(context.Context) (secret.Text, error), error) {
	const right = "set " + envWebhookToken + " to a long random text, or to secretsmanager://NAME"
	location := string(a.settings.WebhookToken)
	switch {
	case location == "" || location == schemeSecret:
		return nil, usage.Errorf(right, "--webhook needs a token that callers must know")
	case !strings.HasPrefix(location, schemeSecret):
		return func(context.Context) (secret.Text, error) { return secret.Text(location), nil }, nil
	}
	return webhook.CacheToken(func(ctx context.Context) (secret.Text, error) {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return "", err
		}
		value, err := readSecret(ctx, cfg, envWebhookToken, location)
		return secret.Text(strings.TrimSpace(string(value))), err
	}), nil
}
