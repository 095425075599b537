package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	build "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	task "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/reconciler/backlog/webhook"
)

type startFunc func(ctx context.Context, e webhook.Event) (pass string, err error)

func (t target) newStartFunc(cfg aws.Config) startFunc {
	if t.project != "" {
		return t.newBuildFunc(codebuild.NewFromConfig(cfg))
	}
	return t.newTaskFunc(ecs.NewFromConfig(cfg))
}

// idempotencyToken makes AWS start only one pass for an event that several copies of
// this function receive: for five minutes in CodeBuild, for a day in ECS.
func idempotencyToken(e webhook.Event) *string {
	return aws.String(fmt.Sprintf("%x", sha256.Sum256([]byte(e.ID)))) // both accept 64 characters
}

func (t target) newBuildFunc(client *codebuild.Client) startFunc {
	return func(ctx context.Context, e webhook.Event) (string, error) {
		out, err := client.StartBuild(ctx, &codebuild.StartBuildInput{
			ProjectName:      &t.project,
			IdempotencyToken: idempotencyToken(e),
			EnvironmentVariablesOverride: []build.EnvironmentVariable{
				{Name: aws.String("RECONCILE_TRIGGER"), Value: aws.String("webhook"), Type: build.EnvironmentVariableTypePlaintext},
			},
		})
		// A project with a limit of concurrent builds refuses one more build.
		var limit *build.AccountLimitExceededException
		if errors.As(err, &limit) {
			return "", fmt.Errorf("%w: %s", webhook.ErrRunning, limit.ErrorMessage())
		}
		if err != nil {
			return "", fmt.Errorf("start a build of %s: %w", t.project, err)
		}
		return "build " + aws.ToString(out.Build.Id), nil
	}
}

func (t target) newTaskFunc(client *ecs.Client) startFunc {
	return func(ctx context.Context, e webhook.Event) (string, error) {
		out, err := client.RunTask(ctx, &ecs.RunTaskInput{
			Cluster:        &t.cluster,
			TaskDefinition: &t.taskDefinition,
			ClientToken:    idempotencyToken(e),
			LaunchType:     task.LaunchTypeFargate,
			PropagateTags:  task.PropagateTagsTaskDefinition,
			NetworkConfiguration: &task.NetworkConfiguration{AwsvpcConfiguration: &task.AwsVpcConfiguration{
				Subnets: t.subnets, SecurityGroups: t.securityGroups, AssignPublicIp: t.assignPublicIP,
			}},
			Overrides: &task.TaskOverride{ContainerOverrides: []task.ContainerOverride{
				{Name: &t.container, Command: []string{"now", "--trigger", "webhook"}},
			}},
		})
		switch {
		case err != nil:
			return "", fmt.Errorf("run a task of %s: %w", t.taskDefinition, err)
		case len(out.Failures) > 0:
			f := out.Failures[0]
			return "", fmt.Errorf("run a task of %s: %s %s", t.taskDefinition, aws.ToString(f.Reason), aws.ToString(f.Detail))
		case len(out.Tasks) == 0:
			return "", fmt.Errorf("run a task of %s: ECS started none", t.taskDefinition)
		}
		return "task " + aws.ToString(out.Tasks[0].TaskArn), nil
	}
}
