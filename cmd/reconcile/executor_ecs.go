package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/reconciler"
)

// ecsExecutor runs each task as an ECS task on Fargate. ECS remembers a client
// token for up to a day (API Reference, RunTask).
type ecsExecutor struct {
	aws    func() (aws.Config, error)
	target ecsTarget
	flags  []string
}

func (e *ecsExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	cfg, err := e.aws()
	if err != nil {
		return "", err
	}
	out, err := ecs.NewFromConfig(cfg).RunTask(ctx, &ecs.RunTaskInput{
		Cluster: &e.target.cluster, TaskDefinition: &e.target.taskDefinition, ClientToken: &key,
		StartedBy: aws.String("reconcile"), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: e.target.subnets, SecurityGroups: e.target.securityGroups, AssignPublicIp: types.AssignPublicIpDisabled,
		}},
		Overrides: &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{
			Name: &e.target.container, Command: slices.Concat(command, e.flags),
		}}},
	})
	if err != nil {
		return "", fmt.Errorf("run a task of %s: %w", e.target.taskDefinition, err)
	}
	if len(out.Tasks) == 0 {
		reason := "ECS gave no reason"
		for _, f := range out.Failures {
			reason = aws.ToString(f.Reason) + " " + aws.ToString(f.Detail)
		}
		return "", fmt.Errorf("run a task of %s: %s", e.target.taskDefinition, reason)
	}
	return aws.ToString(out.Tasks[0].TaskArn), nil
}

func (e *ecsExecutor) Status(ctx context.Context, arn string) (reconciler.TaskStatus, string, error) {
	cfg, err := e.aws()
	if err != nil {
		return reconciler.TaskRunning, "", err
	}
	task, found, err := findTask(ctx, cfg, arn)
	switch {
	case err != nil:
		return reconciler.TaskRunning, "", markTransient(err)
	case !found: // ECS forgets stopped tasks after an hour
		return reconciler.TaskNotFound, "task not found in ECS", nil
	case aws.ToString(task.LastStatus) == taskStatusStopped:
		return reconciler.TaskEnded, aws.ToString(task.StoppedReason), nil
	}
	return reconciler.TaskRunning, "", nil
}
