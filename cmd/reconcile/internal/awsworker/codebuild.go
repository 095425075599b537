package awsworker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"

	"reconcile/reconciler/run"
)

// CodeBuild runs each task as a build of a project. The project's image must
// contain the program and a shell. CodeBuild remembers an idempotency token for five
// minutes (API Reference, StartBuild).
type CodeBuild struct {
	AWS     func() (aws.Config, error)
	Project string
	Flags   []string // of every command
}

// Start implements run.Executor.
func (c *CodeBuild) Start(ctx context.Context, key string, command []string) (string, error) {
	cfg, err := c.AWS()
	if err != nil {
		return "", err
	}
	spec, err := buildspecOf(slices.Concat(command, c.Flags))
	if err != nil {
		return "", err
	}
	out, err := codebuild.NewFromConfig(cfg).StartBuild(ctx, &codebuild.StartBuildInput{
		ProjectName: &c.Project, IdempotencyToken: &key, BuildspecOverride: &spec,
	})
	if err != nil {
		return "", fmt.Errorf("start a build of %s: %w", c.Project, err)
	}
	return aws.ToString(out.Build.Id), nil
}

// Status implements run.Executor.
func (c *CodeBuild) Status(ctx context.Context, id string) (run.TaskStatus, string, error) {
	cfg, err := c.AWS()
	if err != nil {
		return run.TaskRunning, "", err
	}
	b, found, err := findBuild(ctx, cfg, id)
	switch {
	case err != nil:
		return run.TaskRunning, "", markTransient(err)
	case !found:
		return run.TaskNotFound, "build not found in CodeBuild", nil
	case b.BuildComplete:
		return run.TaskEnded, strings.ToLower(string(b.BuildStatus)), nil
	}
	return run.TaskRunning, "", nil
}

// buildspecOf returns a buildspec that runs the program with args. JSON is valid YAML.
func buildspecOf(args []string) (string, error) {
	line := "exec reconcile"
	for _, arg := range args {
		line += " '" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
	}
	spec, err := json.Marshal(map[string]any{
		"version": "0.2",
		"phases":  map[string]any{"build": map[string]any{"commands": []string{line}}},
	})
	return string(spec), err
}
