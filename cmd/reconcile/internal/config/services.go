package config

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/cmd/reconcile/telemetry"
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
