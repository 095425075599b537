package wire

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/notify/chat"
	"reconcile/reconciler/run"
)

// notifiers returns the notification channels. They make no calls and read no secret
// before there is a notification.
func (d *Deps) notifiers() []run.Notifier {
	s := d.Settings
	// Opened for each notification: watch runs long, and keys change.
	openProject := func(ctx context.Context) (*backlognotify.Project, error) {
		return d.OpenBacklog(ctx, notify.MaxCommentLength)
	}
	var notifiers []run.Notifier
	for _, channel := range s.Notify {
		secret := s.ReadServiceSecret(channel, d.AWS)
		switch {
		case channel == config.NotifySlack:
			notifiers = append(notifiers, chat.Slack{URL: secret, Language: s.Lang})
		case channel == config.NotifyTeams:
			notifiers = append(notifiers, chat.Teams{URL: secret, Language: s.Lang})
		case strings.HasPrefix(channel, config.SchemeChatwork):
			notifiers = append(notifiers, chat.Chatwork{Room: strings.TrimPrefix(channel, config.SchemeChatwork), Token: secret, Language: s.Lang})
		case config.IsHTTP(channel):
			notifiers = append(notifiers, chat.Webhook{URL: channel, Secret: secret, Now: time.Now})
		case strings.HasPrefix(channel, config.SchemeSNS):
			notifiers = append(notifiers, d.snsNotifier(strings.TrimPrefix(channel, config.SchemeSNS)))
		case channel == config.NotifyLog:
			notifiers = append(notifiers, notify.Log{Logger: d.log})
		case channel == config.NotifyBacklog:
			notifiers = append(notifiers, backlognotify.PullRequestNotifier{OpenProject: openProject})
			if s.NotifyIssues != "" {
				notifiers = append(notifiers, backlognotify.IssueNotifier{OpenProject: openProject, IssueType: s.NotifyIssues})
			}
		}
	}
	return notifiers
}

func (d *Deps) snsNotifier(topic string) notify.SNS {
	return notify.SNS{Topic: topic, Language: d.Settings.Lang, Client: func(context.Context) (notify.Publisher, error) {
		cfg, err := d.AWS()
		if err != nil {
			return nil, err
		}
		return sns.NewFromConfig(cfg), nil
	}}
}
