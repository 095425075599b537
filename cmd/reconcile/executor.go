package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"reconcile/reconciler"
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
		if _, err := parseECS(s.Executor); err != nil {
			return usagef(executorUsage, "--executor %s: %w", s.Executor, err)
		}
	default:
		return usagef(executorUsage, "--executor %s is not known", s.Executor)
	}
	for _, location := range []struct{ flag, value, scheme string }{
		{"--state", s.State, schemeDynamoDB},
		{"--snapshots", s.Snapshots, schemeS3},
		{"--digest-key", s.DigestKey, schemeSecret},
	} {
		if !strings.HasPrefix(location.value, location.scheme) {
			return usagef(fmt.Sprintf("give %s %s…, or leave --executor at local", location.flag, location.scheme),
				"--executor %s runs on other machines, which cannot reach %s %s", s.Executor, location.flag, location.value)
		}
	}
	return nil
}

// newExecutor returns the executor of --executor; nil: this process.
func (p *deps) newExecutor() reconciler.Executor {
	s := &p.app.settings
	if project, ok := strings.CutPrefix(s.Executor, schemeCodeBuild); ok {
		return &codeBuildExecutor{aws: p.aws, project: project, flags: p.workerFlags()}
	}
	if strings.HasPrefix(s.Executor, schemeECS) {
		target, _ := parseECS(s.Executor) // checked with the settings
		return &ecsExecutor{aws: p.aws, target: target, flags: p.workerFlags()}
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

// markTransient marks an error of AWS as transient if the SDK would retry it.
func markTransient(err error) error {
	if retry.IsErrorRetryables(retry.DefaultRetryables).IsErrorRetryable(err).Bool() {
		return fmt.Errorf("%w: %w", reconciler.ErrTransient, err)
	}
	return err
}

// ecsTarget says where and how to run ECS tasks.
type ecsTarget struct {
	cluster, taskDefinition string
	container               string // default: the family's name
	subnets, securityGroups []string
}

func parseECS(text string) (ecsTarget, error) {
	u, err := url.Parse(text)
	if err != nil {
		return ecsTarget{}, err
	}
	q := u.Query()
	for name := range q {
		switch name {
		case "subnets", "security_groups", "container":
		default:
			return ecsTarget{}, fmt.Errorf("%q is not known", name)
		}
	}
	list := func(name string) []string {
		return strings.FieldsFunc(q.Get(name), func(r rune) bool { return r == ',' })
	}
	p := ecsTarget{
		cluster: u.Host, taskDefinition: strings.TrimPrefix(u.Path, "/"), container: q.Get("container"),
		subnets: list("subnets"), securityGroups: list("security_groups"),
	}
	family, _, _ := strings.Cut(p.taskDefinition, ":")
	if p.container == "" {
		p.container = family
	}
	switch {
	case p.cluster == "" || family == "" || strings.Contains(p.taskDefinition, "/"):
		return p, errors.New("cluster or task definition is missing")
	case len(p.subnets) == 0 || len(p.securityGroups) == 0:
		return p, errors.New("subnets or security_groups are missing")
	}
	return p, nil
}
