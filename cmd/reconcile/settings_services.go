package main

import (
	"fmt"
	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/telemetry"
	"slices"
	"strings"
)

// Values of --executor.
const (
	executorLocal   = "local"
	schemeCodeBuild = "codebuild://"
	schemeECS       = "ecs://"
)

const executorUsage = "--executor takes local, codebuild://PROJECT, or ecs://CLUSTER/TASK_DEFINITION?subnets=SUBNET,…&security_groups=GROUP,…"

// checkExecutor checks --executor. A remote task must be able to reach the record,
// the snapshots and the digest key.
func (s *settings) checkExecutor() error {
	switch {
	case s.Executor == executorLocal:
		return nil
	case strings.HasPrefix(s.Executor, schemeCodeBuild) && s.Executor != schemeCodeBuild:
	case strings.HasPrefix(s.Executor, schemeECS):
		if _, err := awsworker.ParseECS(s.Executor); err != nil {
			return usage.Errorf(executorUsage, "--executor %s: %w", s.Executor, err)
		}
	default:
		return usage.Errorf(executorUsage, "--executor %s is not known", s.Executor)
	}
	for _, location := range []struct{ flag, value, scheme string }{
		{"--state", s.State, schemeDynamoDB},
		{"--snapshots", s.Snapshots, schemeS3},
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

// checkTelemetry refuses unknown values of --metrics and --traces.
func (s *settings) checkTelemetry() error {
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP, telemetry.EMF}, s.Metrics) {
		return usage.Errorf("--metrics takes none, otlp or emf", "--metrics %s is not known", s.Metrics)
	}
	if !slices.Contains([]string{telemetry.None, telemetry.OTLP}, s.Traces) {
		return usage.Errorf("--traces takes none or otlp", "--traces %s is not known", s.Traces)
	}
	return nil
}

// refuseSecrets refuses settings that would give secrets to the code of a pull request.
func (s *settings) refuseSecrets() error {
	for _, has := range []struct {
		is   bool
		name string
	}{
		{s.GitCredentials != "", "--git-credentials"},
		{s.GitUsername != "" || s.GitPassword != "", "RECONCILE_GIT_USERNAME or _PASSWORD"},
		{s.BacklogCredentials != "", "--backlog-credentials"},
		{s.BacklogAPIKey != "", envBacklogKey},
		{s.WebhookToken != "", envWebhookToken},
		{s.Executor != executorLocal, "--executor"},
	} {
		if has.is {
			return usage.Errorf("take it out of the definition of the planner's task: it plans code that nobody has approved, from a bundle that holds all its inputs",
				"%s is set", has.name)
		}
	}
	return nil
}
