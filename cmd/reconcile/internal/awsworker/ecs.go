package awsworker

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/reconciler/run"
)

// ECS runs each task as an ECS task on Fargate. ECS remembers a client
// token for up to a day (API Reference, RunTask).
type ECS struct {
	AWS    func() (aws.Config, error)
	Target ECSTarget
	Flags  []string // of every command
}

// Start implements run.Executor.
func (e *ECS) Start(ctx context.Context, key string, command []string) (string, error) {
	cfg, err := e.AWS()
	if err != nil {
		return "", err
	}
	out, err := ecs.NewFromConfig(cfg).RunTask(ctx, &ecs.RunTaskInput{
		Cluster: &e.Target.cluster, TaskDefinition: &e.Target.taskDefinition, ClientToken: &key,
		StartedBy: aws.String("reconcile"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: e.Target.subnets, SecurityGroups: e.Target.securityGroups, AssignPublicIp: e.Target.assignPublicIP,
		}},
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: &e.Target.container, Command: slices.Concat(command, e.Flags),
		}}},
	})
	if err != nil {
		return "", fmt.Errorf("run a task of %s: %w", e.Target.taskDefinition, err)
	}
	if len(out.Tasks) == 0 {
		reason := "ECS gave no reason"
		for _, f := range out.Failures {
			reason = aws.ToString(f.Reason) + " " + aws.ToString(f.Detail)
		}
		return "", fmt.Errorf("run a task of %s: %s", e.Target.taskDefinition, reason)
	}
	return aws.ToString(out.Tasks[0].TaskArn), nil
}

// Status implements run.Executor.
func (e *ECS) Status(ctx context.Context, arn string) (run.TaskStatus, string, error) {
	cfg, err := e.AWS()
	if err != nil {
		return run.TaskRunning, "", err
	}
	task, found, err := findTask(ctx, cfg, arn)
	switch {
	case err != nil:
		return run.TaskRunning, "", markTransient(err)
	case !found: // ECS forgets stopped tasks after an hour
		return run.TaskNotFound, "task not found in ECS", nil
	case aws.ToString(task.LastStatus) == taskStatusStopped:
		return run.TaskEnded, aws.ToString(task.StoppedReason), nil
	}
	return run.TaskRunning, "", nil
}

// ECSTarget says where and how to run ECS tasks.
type ECSTarget struct {
	cluster, taskDefinition string
	container               string // default: the family's name
	subnets, securityGroups []string
	assignPublicIP          types.AssignPublicIp
}

// ParseECS parses the value of --executor that names a task:
// ecs://CLUSTER/TASK_DEFINITION?subnets=SUBNET,…&security_groups=GROUP,…
// With public_ip=true tasks get public addresses, as subnets without a NAT gateway need.
func ParseECS(text string) (ECSTarget, error) {
	u, err := url.Parse(text)
	if err != nil {
		return ECSTarget{}, err
	}
	q := u.Query()
	for name := range q {
		switch name {
		case "subnets", "security_groups", "container", "public_ip":
		default:
			return ECSTarget{}, fmt.Errorf("%q is not known", name)
		}
	}
	list := func(name string) []string {
		return strings.FieldsFunc(q.Get(name), func(r rune) bool { return r == ',' })
	}
	p := ECSTarget{
		cluster: u.Host, taskDefinition: strings.TrimPrefix(u.Path, "/"), container: q.Get("container"),
		subnets: list("subnets"), securityGroups: list("security_groups"), assignPublicIP: types.AssignPublicIpDisabled,
	}
	family, _, _ := strings.Cut(p.taskDefinition, ":")
	if p.container == "" {
		p.container = family
	}
	switch value := q.Get("public_ip"); value {
	case "":
	case "true":
		p.assignPublicIP = types.AssignPublicIpEnabled
	default:
		return p, fmt.Errorf("public_ip takes true, not %q", value)
	}
	switch {
	case p.cluster == "" || family == "" || strings.Contains(p.taskDefinition, "/"):
		return p, errors.New("cluster or task definition is missing")
	case len(p.subnets) == 0 || len(p.securityGroups) == 0:
		return p, errors.New("subnets or security_groups are missing")
	}
	return p, nil
}
