package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"reconcile/state"
)

// envTaskMetadata is where ECS tells a container about its task (metadata endpoint
// version 4).
const envTaskMetadata = "ECS_CONTAINER_METADATA_URI_V4"

// recordOptions say who we are, and how to find out whether another process
// has ended, where that takes asking AWS.
func (p *deps) recordOptions(ctx context.Context) state.Options {
	self := state.CurrentProcess()
	if uri := os.Getenv(envTaskMetadata); uri != "" {
		task, err := fetchTaskARN(ctx, uri)
		for range maxTaskRetries {
			if err == nil || state.Sleep(ctx, time.Second) != nil {
				break
			}
			task, err = fetchTaskARN(ctx, uri)
		}
		if err != nil {
			p.app.log.Warn("ECS does not say which task this is: should it be killed, its leases run out by themselves, but what it left locked must be freed by hand", "error", err)
		}
		self.TaskARN = task
	}
	return state.Options{Process: self, IsProcessDead: p.isProcessDead}
}

// maxTaskRetries is how often ECS is asked again which task this is: a watch
// goes by the answer for as long as it lives.
const maxTaskRetries = 3

// fetchTaskARN asks ECS which task this is.
func fetchTaskARN(ctx context.Context, uri string) (arn string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, uri+"/task", nil)
	if err != nil {
		return "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", uri, response.Status)
	}
	var task struct{ TaskARN string }
	if err := json.NewDecoder(response.Body).Decode(&task); err != nil {
		return "", fmt.Errorf("%s: %w", uri, err)
	}
	return task.TaskARN, nil
}

// isProcessDead asks AWS whether a process of an ECS task or a CodeBuild build
// has ended. What AWS does not know (any more) is not certain.
func (p *deps) isProcessDead(ctx context.Context, process state.Process) (bool, error) {
	if process.TaskARN == "" && process.BuildID == "" {
		return false, nil
	}
	cfg, err := p.aws()
	if err != nil {
		return false, err
	}
	if process.TaskARN != "" {
		task, found, err := findTask(ctx, cfg, process.TaskARN)
		return found && aws.ToString(task.LastStatus) == taskStatusStopped, err
	}
	build, found, err := findBuild(ctx, cfg, process.BuildID)
	return found && build.BuildComplete, err
}

// taskStatusStopped is the status of a task of which nothing runs any more.
const taskStatusStopped = "STOPPED"

// findTask asks ECS for a task, which it may not know (any more).
func findTask(ctx context.Context, cfg aws.Config, arn string) (task ecstypes.Task, found bool, err error) {
	cluster, err := clusterOf(arn)
	if err != nil {
		return task, false, err
	}
	out, err := ecs.NewFromConfig(cfg).DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: []string{arn}})
	if err != nil {
		return task, false, fmt.Errorf("ask ECS for the task %s: %w", arn, err)
	}
	for _, task := range out.Tasks {
		if aws.ToString(task.TaskArn) == arn {
			return task, true, nil
		}
	}
	return task, false, nil
}

// clusterOf reads the cluster's name from a task's ARN, which ends in
// task/CLUSTER/ID.
func clusterOf(arn string) (string, error) {
	parts := strings.Split(arn, "/")
	if len(parts) != 3 {
		return "", errors.New("not the ARN of an ECS task: " + arn)
	}
	return parts[1], nil
}

// findBuild asks CodeBuild for a build, which it may not know (any more).
func findBuild(ctx context.Context, cfg aws.Config, id string) (build cbtypes.Build, found bool, err error) {
	out, err := codebuild.NewFromConfig(cfg).BatchGetBuilds(ctx, &codebuild.BatchGetBuildsInput{Ids: []string{id}})
	if err != nil {
		return build, false, fmt.Errorf("ask CodeBuild for the build %s: %w", id, err)
	}
	for _, build := range out.Builds {
		if aws.ToString(build.Id) == id {
			return build, true, nil
		}
	}
	return build, false, nil
}
