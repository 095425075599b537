package main

import (
	"context"
	"strings"
	"time"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

// hookPatience is how long Secrets Manager may take to give the token.
const hookPatience = 10 * time.Second

// receiver receives Backlog's webhooks for the watched branch. Call is called
// for each that wants a pass.
func (a *app) receiver(from string, call func()) (*webhook.Receiver, error) {
	repo, err := backlog.RepoOf(a.Repo)
	if err != nil {
		return nil, usagef("give --repo as Backlog does, or leave --webhook out", "--webhook, but --repo %s is %w", withoutPassword(a.Repo), err)
	}
	if from == "" {
		from = "backlog"
	}
	sources, err := webhook.ParseSources(from)
	if err != nil {
		return nil, usagef("--webhook-from takes backlog, any, or addresses and ranges with commas between them", "--webhook-from: %w", err)
	}
	token, err := a.hookToken()
	if err != nil {
		return nil, err
	}
	return &webhook.Receiver{
		Filter: webhook.Filter{Repo: repo, Branch: a.Branch}, Sources: sources, Token: token, Patience: hookPatience, Log: a.log,
		Start: func(context.Context, webhook.Event) (string, error) {
			call()
			return "a pass starts", nil
		},
	}, nil
}

// hookToken returns what gives the token that callers must know.
func (a *app) hookToken() (func(context.Context) (backlog.Secret, error), error) {
	const right = "set " + envWebhookToken + " to a long random text, or to secretsmanager://NAME"
	location := string(a.WebhookToken)
	switch {
	case location == "" || location == schemeSecret:
		return nil, usagef(right, "--webhook needs a token that callers must know")
	case !strings.HasPrefix(location, schemeSecret):
		return func(context.Context) (backlog.Secret, error) { return backlog.Secret(location), nil }, nil
	}
	return webhook.Keep(func(ctx context.Context) (backlog.Secret, error) {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return "", err
		}
		value, err := readSecret(ctx, cfg, envWebhookToken, location)
		return backlog.Secret(strings.TrimSpace(string(value))), err
	}), nil
}
