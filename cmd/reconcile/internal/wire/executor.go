package wire

import (
	"strings"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/reconciler/run"
)

// newExecutor returns the executor of --executor; nil: this process.
func (d *Deps) newExecutor() run.Executor {
	s := d.Settings
	if project, ok := strings.CutPrefix(s.Executor, config.SchemeCodeBuild); ok {
		return &awsworker.CodeBuild{AWS: d.AWS, Project: project, Flags: d.workerFlags()}
	}
	if strings.HasPrefix(s.Executor, config.SchemeECS) {
		target, _ := awsworker.ParseECS(s.Executor) // checked with the settings
		return &awsworker.ECS{AWS: d.AWS, Target: target, Flags: d.workerFlags()}
	}
	return nil
}

// workerFlags returns the flags that a build or task must share with its pass. None is
// secret. Other settings come from its own environment.
func (d *Deps) workerFlags() []string {
	s := d.Settings
	flags := []string{
		"--repo", d.Source.URL(), "--branch", s.Branch, "--state", s.State, "--record", d.RecordName(),
		"--snapshots", s.Snapshots, "--digest-key", s.DigestKey, "--wait", s.Wait.String(), "--gate", s.Gate,
	}
	if s.Environment != "" {
		flags = append(flags, "--environment", s.Environment)
	}
	if s.Approvers != "" {
		flags = append(flags, "--approvers", s.Approvers)
	}
	return flags
}
