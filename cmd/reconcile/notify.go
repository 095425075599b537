package main

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// notifiers returns the notification channels. They make no calls and read no secret
// before there is a notification.
func (p *deps) notifiers() []run.Notifier {
	s := p.settings
	// Opened for each notification: watch runs long, and keys change.
	openProject := func(ctx context.Context) (*backlognotify.Project, error) {
		return p.openBacklog(ctx, notify.MaxCommentLength)
	}
	var notifiers []run.Notifier
	for _, channel := range s.Notify {
		switch topic, isSNS := strings.CutPrefix(channel, schemeSNS); {
		case isSNS:
			notifiers = append(notifiers, p.snsNotifier(topic))
		case channel == notifyLog:
			notifiers = append(notifiers, notify.Log{Logger: p.log})
		default:
			notifiers = append(notifiers, backlognotify.PullRequestNotifier{OpenProject: openProject})
			if s.NotifyIssues != "" {
				notifiers = append(notifiers, backlognotify.IssueNotifier{OpenProject: openProject, IssueType: s.NotifyIssues})
			}
		}
	}
	return notifiers
}

func (p *deps) snsNotifier(topic string) notify.SNS {
	return notify.SNS{Topic: topic, Language: p.settings.Lang, Client: func(context.Context) (notify.Publisher, error) {
		cfg, err := p.aws()
		if err != nil {
			return nil, err
		}
		return sns.NewFromConfig(cfg), nil
	}}
}
