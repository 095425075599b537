package main

import (
	"strings"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/reconciler/run"
)

// newExecutor returns the executor of --executor; nil: this process.
func (p *deps) newExecutor() run.Executor {
	s := p.settings
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
	s := p.settings
	flags := []string{
		"--repo", p.source.URL(), "--branch", s.Branch, "--state", s.State, "--record", p.recordName(),
		"--snapshots", s.Snapshots, "--digest-key", s.DigestKey, "--wait", s.Wait.String(),
	}
	if s.Environment != "" {
		flags = append(flags, "--environment", s.Environment)
	}
	return flags
}
