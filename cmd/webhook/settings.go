package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	task "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/reconciler/backlog"
	"reconcile/reconciler/backlog/webhook"
)

// Environment variables of the settings; reconcile has the first two as well.
const (
	envRepo   = "RECONCILE_REPO"
	envBranch = "RECONCILE_BRANCH"
	envToken  = "RECONCILE_WEBHOOK_TOKEN"
	envFrom   = "RECONCILE_WEBHOOK_FROM"
	envStarts = "RECONCILE_WEBHOOK_STARTS"
)

// Usage of settings, for messages.
const (
	tokenUsage  = envToken + " takes secretsmanager://NAME, by name or ARN"
	targetUsage = envStarts + " takes codebuild://PROJECT or ecs://CLUSTER/TASK-DEFINITION?subnets=ID,…&security_groups=ID,…, and &public_ip=true"
)

const schemeSecret = "secretsmanager://"

type settings struct {
	filter  webhook.Filter
	sources webhook.Allowlist
	token   string // name or ARN of the secret that holds the token
	target  target
}

func readSettings(environ []string) (s settings, err error) {
	values := map[string]string{envBranch: "main", envFrom: "backlog"}
	known := []string{envRepo, envBranch, envToken, envFrom, envStarts}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, "RECONCILE_") || value == "" {
			continue
		}
		if !slices.Contains(known, name) {
			return s, fmt.Errorf("%s is not a setting: there are %s", name, strings.Join(known, ", "))
		}
		values[name] = value
	}
	s.filter.Branch = values[envBranch]
	if s.filter.Repo, err = backlog.RepoOf(values[envRepo]); err != nil {
		return s, fmt.Errorf("%s: %w", envRepo, err)
	}
	if s.sources, err = webhook.ParseAllowlist(values[envFrom]); err != nil {
		return s, fmt.Errorf("%s: %w", envFrom, err)
	}
	var ok bool
	if s.token, ok = strings.CutPrefix(values[envToken], schemeSecret); !ok || s.token == "" {
		return s, errors.New(tokenUsage) // the value may be the token itself
	}
	s.target, err = parseTarget(values[envStarts])
	return s, err
}

// target is what a webhook starts: a build of a CodeBuild project, or a task
// on ECS.
type target struct {
	project string

	cluster, taskDefinition, container string
	subnets, securityGroups            []string
	assignPublicIP                     task.AssignPublicIp
}

func parseTarget(value string) (target, error) {
	usageErr := fmt.Errorf("%s, not %q", targetUsage, value)
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.User != nil {
		return target{}, usageErr
	}
	query := u.Query()
	takeList := func(name string) []string {
		defer query.Del(name)
		return strings.FieldsFunc(query.Get(name), func(r rune) bool { return r == ',' })
	}
	path := strings.TrimPrefix(u.Path, "/")
	switch u.Scheme {
	case "codebuild":
		if path != "" || len(query) > 0 {
			return target{}, usageErr
		}
		return target{project: u.Host}, nil
	case "ecs":
		family, _, _ := strings.Cut(path, ":")
		s := target{
			cluster: u.Host, taskDefinition: path, container: family,
			subnets: takeList("subnets"), securityGroups: takeList("security_groups"), assignPublicIP: task.AssignPublicIpDisabled,
		}
		if names := takeList("container"); len(names) == 1 {
			s.container = names[0]
		}
		if query.Get("public_ip") == "true" { // else it is left, and refused
			s.assignPublicIP = task.AssignPublicIpEnabled
			query.Del("public_ip")
		}
		if path == "" || strings.Contains(path, "/") || len(s.subnets) == 0 || len(query) > 0 {
			return target{}, usageErr
		}
		return s, nil
	}
	return target{}, usageErr
}
