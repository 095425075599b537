package config

import (
	"slices"

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

// findServiceSecret returns the secret of a variable.
func findServiceSecret(variable string) (v serviceSecret, found bool) {
	i := slices.IndexFunc(serviceSecrets, func(v serviceSecret) bool { return v.variable == variable })
	if i < 0 {
		return serviceSecret{}, false
	}
	return serviceSecrets[i], true
}
