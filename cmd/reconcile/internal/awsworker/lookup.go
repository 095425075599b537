// Package awsworker runs tasks of a pass as builds of CodeBuild or as tasks of ECS, and
// says whether the process of a build or task has ended. It knows neither settings nor
// the terminal.
package awsworker

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
	awsretry "github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	cbtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/cenkalti/backoff/v5"

	"reconcile/internal/retry"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// envTaskMetadata holds the URL of ECS's task metadata (endpoint version 4).
const envTaskMetadata = "ECS_CONTAINER_METADATA_URI_V4"

// ReadTaskARN returns the ARN of the ECS task that this process runs in; "" if it runs
// in none.
func ReadTaskARN(ctx context.Context) (string, error) {
	uri := os.Getenv(envTaskMetadata)
	if uri == "" {
		return "", nil
	}
	var arn string
	always := func(error) bool { return true }
	err := retry.Do(ctx, backoff.NewConstantBackOff(time.Second), always, func() (err error) {
		arn, err = fetchTaskARN(ctx, uri)
		return err
	}, backoff.WithMaxTries(maxTaskTries))
	return arn, err
}

// maxTaskTries is how often reading the task's ARN is tried: a watch uses it for its whole
// life.
const maxTaskTries = 4

// fetchTaskARN reads the ARN of the task that this process runs in.
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

// IsProcessDead asks AWS whether a process of an ECS task or a CodeBuild build
// has ended. It returns false for a task or build that AWS does not know (any more),
// and for a process of neither: then it does not call config.
func IsProcessDead(ctx context.Context, config func() (aws.Config, error), process state.Process) (bool, error) {
	if process.TaskARN == "" && process.BuildID == "" {
		return false, nil
	}
	cfg, err := config()
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

// taskStatusStopped is the status of a task whose processes have all ended.
const taskStatusStopped = "STOPPED"

// findTask describes an ECS task; found is false if ECS does not know it (any more).
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

// findBuild reads a build; found is false if CodeBuild does not know it (any more).
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

// markTransient marks an error of AWS as transient if the SDK would retry it.
func markTransient(err error) error {
	if awsretry.IsErrorRetryables(awsretry.DefaultRetryables).IsErrorRetryable(err).Bool() {
		return fmt.Errorf("%w: %w", run.ErrTransient, err)
	}
	return err
}
