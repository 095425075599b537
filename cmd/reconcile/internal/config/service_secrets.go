package config

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/secret"
)

// serviceSecret is a secret for a service that notifies people, from a variable.
type serviceSecret struct {
	variable, meaning string
	field             func(*Settings) *secret.Text
}

// serviceSecrets are all of them. The code of a pull request gets none.
var serviceSecrets = []serviceSecret{
	{envBacklogKey, "API key of Backlog, for previews, comments and issues", func(s *Settings) *secret.Text { return &s.BacklogAPIKey }},
	{envWebhookToken, "last part of the URL at which webhooks are received, or secretsmanager://NAME", func(s *Settings) *secret.Text { return &s.WebhookToken }},
	{envSlackURL, "address of an incoming webhook of Slack, or secretsmanager://NAME", func(s *Settings) *secret.Text { return &s.SlackURL }},
	{envTeamsURL, "address of a webhook of a Teams workflow, or secretsmanager://NAME", func(s *Settings) *secret.Text { return &s.TeamsURL }},
	{envChatworkToken, "API token of Chatwork, or secretsmanager://NAME", func(s *Settings) *secret.Text { return &s.ChatworkToken }},
	{envNotifySecret, "secret that signs notices to https addresses, or secretsmanager://NAME", func(s *Settings) *secret.Text { return &s.NotifySecret }},
}

// DropServiceSecrets removes what the code of a pull request must not reach.
func (s *Settings) DropServiceSecrets() {
	s.BacklogCredentials = ""
	for _, v := range serviceSecrets {
		*v.field(s) = ""
	}
}

// ReadServiceSecret returns a function that reads a secret of --notify by its variable's value:
// the secret itself, or where it is.
func (s *Settings) ReadServiceSecret(channel string, cfg func() (aws.Config, error)) func(context.Context) (secret.Text, error) {
	return func(ctx context.Context) (secret.Text, error) {
		v, _ := secretOf(channel)
		location := string(*v.field(s))
		if !strings.HasPrefix(location, schemeSecret) {
			return secret.Text(location), nil
		}
		aws, err := cfg()
		if err != nil {
			return "", err
		}
		value, err := readSecret(ctx, aws, v.variable, location)
		return secret.Text(strings.TrimSpace(string(value))), err
	}
}

// secretOf returns the secret that a channel of --notify needs, and whether it needs one.
func secretOf(channel string) (serviceSecret, bool) {
	variable := ""
	switch {
	case channel == NotifySlack:
		variable = envSlackURL
	case channel == NotifyTeams:
		variable = envTeamsURL
	case strings.HasPrefix(channel, SchemeChatwork):
		variable = envChatworkToken
	case IsHTTP(channel):
		variable = envNotifySecret
	}
	for _, v := range serviceSecrets {
		if v.variable == variable {
			return v, true
		}
	}
	return serviceSecret{}, false
}

// checkSecretOf refuses a channel whose secret is not set.
func (s *Settings) checkSecretOf(channel string) error {
	if v, needs := secretOf(channel); needs && *v.field(s) == "" {
		return usage.Errorf(fmt.Sprintf("set %s: %s", v.variable, v.meaning), "--notify %s needs a secret", channel)
	}
	return nil
}
