package awsworker

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// CheckCodeBuild checks that a project exists and allows the number of builds at once.
// It starts none.
func CheckCodeBuild(ctx context.Context, cfg aws.Config, project string, parallelism int) error {
	out, err := codebuild.NewFromConfig(cfg).BatchGetProjects(ctx, &codebuild.BatchGetProjectsInput{Names: []string{project}})
	switch {
	case err != nil:
		return fmt.Errorf("ask CodeBuild for the project %s: %w", project, err)
	case len(out.Projects) == 0:
		return fmt.Errorf("CodeBuild has no project %s", project)
	}
	// CodeBuild refuses the builds above the limit.
	if limit := out.Projects[0].ConcurrentBuildLimit; limit != nil && int(*limit) < parallelism {
		return fmt.Errorf("project %s allows %d builds at once, less than --parallelism %d", project, *limit, parallelism)
	}
	return nil
}

// Check checks that the cluster, the task definition and its container exist. It starts
// no task.
func (t ECSTarget) Check(ctx context.Context, cfg aws.Config) error {
	client := ecs.NewFromConfig(cfg)
	clusters, err := client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{t.cluster}})
	switch {
	case err != nil:
		return fmt.Errorf("ask ECS for the cluster %s: %w", t.cluster, err)
	case len(clusters.Clusters) == 0:
		return fmt.Errorf("ECS has no cluster %s", t.cluster)
	case aws.ToString(clusters.Clusters[0].Status) != "ACTIVE":
		return fmt.Errorf("cluster %s is not active: %s", t.cluster, aws.ToString(clusters.Clusters[0].Status))
	}
	out, err := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &t.taskDefinition})
	if err != nil {
		return fmt.Errorf("ask ECS for the task definition %s: %w", t.taskDefinition, err)
	}
	isOurs := func(c types.ContainerDefinition) bool { return aws.ToString(c.Name) == t.container }
	if !slices.ContainsFunc(out.TaskDefinition.ContainerDefinitions, isOurs) {
		return fmt.Errorf("task definition %s has no container %s", t.taskDefinition, t.container)
	}
	return nil
}
