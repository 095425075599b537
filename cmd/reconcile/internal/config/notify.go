package config

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/lazyregexp"
	"reconcile/internal/secret"
	"reconcile/reconciler/notify/chat"
)

// Values of --notify.
const (
	NotifyLog     = "log"
	NotifyBacklog = "backlog"
	SchemeSNS     = "sns://"

	NotifySlack    = "slack"
	NotifyTeams    = "teams"
	SchemeChatwork = "chatwork://"

	schemeHTTPS = "https://"
)

const notifyUsage = "--notify takes log, backlog, sns://TOPIC_ARN, slack, teams, chatwork://ROOM and https://ADDRESS, separated by commas"

// channelKind is a kind of channel that --notify takes.
type channelKind struct {
	value  string                     // of --notify; with check, its beginning
	check  func(channel string) error // checks the whole value; nil: there is only one
	secret string                     // variable of its secret; "": it needs none
}

// channelKinds lists every kind. Package wire opens the channels.
var channelKinds = []channelKind{
	{value: NotifyLog},
	{value: NotifyBacklog},
	{value: SchemeSNS, check: matchChannel(`^sns://arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$`)},
	{value: NotifySlack, secret: envSlackURL},
	{value: NotifyTeams, secret: envTeamsURL},
	{value: SchemeChatwork, check: matchChannel(`^chatwork://[0-9]+$`), secret: envChatworkToken},
	{value: schemeHTTPS, check: checkAddress, secret: envNotifySecret},
}

// NotifyValues returns the values of --notify, or their beginnings.
func NotifyValues() (values []string) {
	for _, kind := range channelKinds {
		values = append(values, kind.value)
	}
	return values
}

// findChannelKind returns the kind of a channel. An http address is checked as an https one:
// on this machine it is allowed.
func findChannelKind(channel string) (kind channelKind, found bool) {
	for _, kind := range channelKinds {
		isOne := channel == kind.value
		switch {
		case kind.value == schemeHTTPS:
			isOne = IsHTTP(channel)
		case kind.check != nil:
			isOne = strings.HasPrefix(channel, kind.value)
		}
		if isOne {
			return kind, true
		}
	}
	return channelKind{}, false
}

// matchChannel returns a check that a channel has a form.
func matchChannel(form string) func(channel string) error {
	pattern := lazyregexp.New(form)
	return func(channel string) error {
		if !pattern().MatchString(channel) {
			return refuseChannel(channel)
		}
		return nil
	}
}

func checkAddress(channel string) error {
	if err := chat.CheckURL(channel); err != nil {
		return usage.Errorf(notifyUsage, "--notify %s: %w", channel, err)
	}
	return nil
}

func refuseChannel(channel string) error {
	return usage.Errorf(notifyUsage, "--notify %s is not known", channel)
}

// checkNotify refuses unknown channels, and those whose secret is not set.
func (s *Settings) checkNotify() error {
	for _, channel := range s.Notify {
		kind, found := findChannelKind(channel)
		if !found {
			return refuseChannel(channel)
		}
		if kind.check != nil {
			if err := kind.check(channel); err != nil {
				return err
			}
		}
		if v, needs := findServiceSecret(kind.secret); needs && *v.field(s) == "" {
			return usage.Errorf(fmt.Sprintf("set %s: %s", v.variable, v.meaning), "--notify %s needs a secret", channel)
		}
	}
	if s.NotifyIssues != "" && !s.notifiesBacklog() {
		return usage.Errorf("add --notify backlog", "--notify-issues %s needs --notify backlog", s.NotifyIssues)
	}
	return nil
}

// notifiesBacklog reports whether Backlog is a channel of notifications.
func (s *Settings) notifiesBacklog() bool { return slices.Contains(s.Notify, NotifyBacklog) }

// ReadServiceSecret returns a function that reads the secret of a channel by its variable's
// value: the secret itself, or where it is.
func (s *Settings) ReadServiceSecret(channel string, cfg func() (aws.Config, error)) func(context.Context) (secret.Text, error) {
	return func(ctx context.Context) (secret.Text, error) {
		kind, _ := findChannelKind(channel)
		v, needs := findServiceSecret(kind.secret)
		if !needs {
			return "", nil
		}
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
