package config

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/notify/chat"
)

// Values of --executor.
const (
	ExecutorLocal   = "local"
	SchemeCodeBuild = "codebuild://"
	SchemeECS       = "ecs://"
)

// ExecutorValues are the beginnings of what --executor takes.
var ExecutorValues = []string{ExecutorLocal, SchemeCodeBuild, SchemeECS}

const executorUsage = "--executor takes local, codebuild://PROJECT, or ecs://CLUSTER/TASK_DEFINITION?subnets=SUBNET,…&security_groups=GROUP,…"

// checkExecutor checks --executor. A remote task must be able to reach the record,
// the snapshots and the digest key.
func (s *Settings) checkExecutor() error {
	switch {
	case s.Executor == ExecutorLocal:
		return nil
	case strings.HasPrefix(s.Executor, SchemeCodeBuild) && s.Executor != SchemeCodeBuild:
	case strings.HasPrefix(s.Executor, SchemeECS):
		if _, err := awsworker.ParseECS(s.Executor); err != nil {
			return usage.Errorf(executorUsage, "--executor %s: %w", s.Executor, err)
		}
	default:
		return usage.Errorf(executorUsage, "--executor %s is not known", s.Executor)
	}
	for _, location := range []struct{ flag, value, scheme string }{
		{"--state", s.State, SchemeDynamoDB},
		{"--snapshots", s.Snapshots, SchemeS3},
		{"--digest-key", s.DigestKey, schemeSecret},
	} {
		if !strings.HasPrefix(location.value, location.scheme) {
			return usage.Errorf(fmt.Sprintf("give %s %s…, or leave --executor at local", location.flag, location.scheme),
				"--executor %s runs on other machines, which cannot reach %s %s", s.Executor, location.flag, location.value)
		}
	}
	return nil
}

// Values of --notify.
const (
	NotifyLog     = "log"
	notifyBacklog = "backlog"
	SchemeSNS     = "sns://"

	NotifySlack    = "slack"
	NotifyTeams    = "teams"
	SchemeChatwork = "chatwork://"
)

// NotifyValues are the beginnings of what --notify takes.
var NotifyValues = []string{NotifyLog, notifyBacklog, SchemeSNS, NotifySlack, NotifyTeams, SchemeChatwork, "https://"}

const notifyUsage = "--notify takes log, backlog, sns://TOPIC_ARN, slack, teams, chatwork://ROOM and https://ADDRESS, separated by commas"

var (
	chatworkRoom = lazyregexp.New(`^[0-9]+$`)
	topicARN     = lazyregexp.New(`^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]+$`)
)

// checkNotify refuses unknown channels.
func (s *Settings) checkNotify() error {
	for _, channel := range s.Notify {
		topic, isSNS := strings.CutPrefix(channel, SchemeSNS)
		room, isChatwork := strings.CutPrefix(channel, SchemeChatwork)
		switch {
		case channel == NotifyLog, channel == notifyBacklog, channel == NotifySlack, channel == NotifyTeams:
		case isSNS && topicARN().MatchString(topic):
		case isChatwork && chatworkRoom().MatchString(room):
		case IsHTTP(channel):
			if err := chat.CheckURL(channel); err != nil {
				return usage.Errorf(notifyUsage, "--notify %s: %w", channel, err)
			}
		default:
			return usage.Errorf(notifyUsage, "--notify %s is not known", channel)
		}
		if err := s.checkSecretOf(channel); err != nil {
			return err
		}
	}
	if s.NotifyIssues != "" && !s.notifiesBacklog() {
		return usage.Errorf("add --notify backlog", "--notify-issues %s needs --notify backlog", s.NotifyIssues)
	}
	return nil
}

// notifiesBacklog reports whether Backlog is a channel of notifications.
func (s *Settings) notifiesBacklog() bool { return slices.Contains(s.Notify, notifyBacklog) }

// CheckTelemetry refuses unknown values of --metrics and --traces.
func (s *Settings) CheckTelemetry() error {
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP, telemetry.EMF}, s.Metrics) {
		return usage.Errorf("--metrics takes none, otlp or emf", "--metrics %s is not known", s.Metrics)
	}
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP}, s.Traces) {
		return usage.Errorf("--traces takes none or otlp", "--traces %s is not known", s.Traces)
	}
	return nil
}

// RefuseSecrets refuses settings that would give secrets to the code of a pull request.
func (s *Settings) RefuseSecrets() error {
	for _, has := range []struct {
		is   bool
		name string
	}{
		{s.GitCredentials != "", "--git-credentials"},
		{s.GitUsername != "" || s.GitPassword != "", "RECONCILE_GIT_USERNAME or _PASSWORD"},
		{s.BacklogCredentials != "", "--backlog-credentials"},
		{s.Executor != ExecutorLocal, "--executor"},
	} {
		if has.is {
			return refusePlannerSecret(has.name)
		}
	}
	for _, v := range serviceSecrets {
		if *v.field(s) != "" {
			return refusePlannerSecret(v.variable)
		}
	}
	return nil
}

func refusePlannerSecret(name string) error {
	return usage.Errorf("take it out of the definition of the planner's task: it plans code that nobody has approved, from a bundle that holds all its inputs", "%s is set", name)
}
