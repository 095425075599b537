package main

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/notify"
	"reconcile/reconciler/run"
)

// Values of --notify.
const (
	notifyLog     = "log"
	notifyBacklog = "backlog"
	schemeSNS     = "sns://"
)

const notifyUsage = "--notify takes log, backlog and sns://TOPIC_ARN, separated by commas"

// checkNotify refuses unknown channels.
func (s *settings) checkNotify() error {
	for _, channel := range s.Notify {
		topic, isSNS := strings.CutPrefix(channel, schemeSNS)
		switch {
		case channel == notifyLog, channel == notifyBacklog:
		case isSNS && strings.HasPrefix(topic, "arn:"):
		default:
			return usage.Errorf(notifyUsage, "--notify %s is not known", channel)
		}
	}
	if s.NotifyIssues != "" && !slices.Contains(s.Notify, notifyBacklog) {
		return usage.Errorf("add --notify backlog", "--notify-issues %s needs --notify backlog", s.NotifyIssues)
	}
	return nil
}

// notifiers returns the notification channels. They make no calls and read no secret
// before there is a notification.
func (p *deps) notifiers() []run.Notifier {
	s := &p.app.settings
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
			notifiers = append(notifiers, notify.Log{Logger: p.app.log})
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
	return notify.SNS{Topic: topic, Language: p.app.settings.Lang, Client: func(context.Context) (notify.Publisher, error) {
		cfg, err := p.aws()
		if err != nil {
			return nil, err
		}
		return sns.NewFromConfig(cfg), nil
	}}
}
