package main

import (
	"fmt"
	"strings"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/run"
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

// newExecutor returns the executor of --executor; nil: this process.
func (p *deps) newExecutor() run.Executor {
	s := &p.app.settings
	if project, ok := strings.CutPrefix(s.Executor, schemeCodeBuild); ok {
		return &awsworker.CodeBuild{AWS: p.aws, Project: project, Flags: p.workerFlags()}
	}
	if strings.HasPrefix(s.Executor, schemeECS) {
		target, _ := awsworker.ParseECS(s.Executor) // checked with the settings
		return &awsworker.ECS{AWS: p.aws, Target: target, Flags: p.workerFlags()}
	}
	return nil
}

// workerFlags returns the flags that a build or task must share with its pass. None is
// secret. Other settings come from its own environment.
func (p *deps) workerFlags() []string {
	s := &p.app.settings
	flags := []string{
		"--repo", p.source.URL(), "--branch", s.Branch, "--state", s.State, "--record", p.recordName(),
		"--snapshots", s.Snapshots, "--digest-key", s.DigestKey, "--wait", s.Wait.String(),
	}
	if s.Environment != "" {
		flags = append(flags, "--environment", s.Environment)
	}
	return flags
}
