package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	dynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	ecrtypes "github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	s3 "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/smithy-go"

	"reconcile/cmd/reconcile/internal/config"
)

// bootstrapHint names the step of docs/bootstrap.md that creates the missing
// resource; "" for other errors.
func bootstrapHint(err error) string {
	var noTable *dynamodb.ResourceNotFoundException
	var noBucket *s3.NoSuchBucket
	switch {
	case errors.As(err, &noTable), errors.As(err, &noBucket), errors.Is(err, config.ErrNoSecret):
		return "apply the workspace bootstrap (docs/bootstrap.md, step 2), or look at AWS_REGION, the account and the name"
	case errors.Is(err, config.ErrNoValue):
		return "type its value in (docs/bootstrap.md, step 3)"
	}
	return ""
}

// The module reconciler gives one name to all its resources: the record's table, the
// task definition's family, the cluster, the service or the schedule and its group.

// installation returns the name of the resources of the module reconciler.
func (d *Doctor) installation() (string, aws.Config, error) {
	if d.settings.IsEmbedded() {
		return "", aws.Config{}, fmt.Errorf("%w: the record is on this machine, so passes run here", errNotChecked)
	}
	cfg, err := d.awsConfig()
	return strings.TrimPrefix(d.settings.State, config.SchemeDynamoDB), cfg, err
}

// awsConfig returns settings of AWS for a check, which must not wait for a service that
// does not answer.
func (d *Doctor) awsConfig() (aws.Config, error) {
	cfg, err := d.deps.AWS()
	if client, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		cfg.HTTPClient = client.WithTimeout(checkTimeout)
	}
	return cfg, err
}

const checkTimeout = 5 * time.Second

// checkImage checks that ECS has a task definition and that its images exist.
func (d *Doctor) checkImage(ctx context.Context) (string, error) {
	name, cfg, err := d.installation()
	if err != nil {
		return "", err
	}
	const step = "push an image, set its digest and apply bootstrap (docs/bootstrap.md, step 5)"
	out, err := ecs.NewFromConfig(cfg).DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &name})
	var notFound *ecstypes.ClientException
	switch {
	case errors.As(err, &notFound):
		return "", withHint(fmt.Errorf("%w: no ECS task definition %s", errPendingStep, name), step)
	case err != nil:
		return "", toNotChecked(err)
	}
	definition := out.TaskDefinition
	var images []string
	for _, container := range definition.ContainerDefinitions {
		image := aws.ToString(container.Image)
		if err := checkImagePushed(ctx, cfg, image); err != nil {
			return "", withHint(err, step)
		}
		images = append(images, image)
	}
	return fmt.Sprintf("%s:%d runs %s", name, definition.Revision, strings.Join(images, ", ")), nil
}

// checkImagePushed looks up an image HOST/NAME@DIGEST in ECR. It assumes that an
// image exists if it is elsewhere or these credentials may not describe it.
func checkImagePushed(ctx context.Context, cfg aws.Config, image string) error {
	location, digest, byDigest := strings.Cut(image, "@")
	host, repository, _ := strings.Cut(location, "/")
	if !byDigest || !strings.Contains(host, ".dkr.ecr.") {
		return nil
	}
	_, err := ecr.NewFromConfig(cfg).DescribeImages(ctx, &ecr.DescribeImagesInput{
		RepositoryName: &repository, ImageIds: []ecrtypes.ImageIdentifier{{ImageDigest: &digest}},
	})
	var noImage *ecrtypes.ImageNotFoundException
	if errors.As(err, &noImage) {
		return fmt.Errorf("image %s is not in repository %s", digest, repository)
	}
	return nil
}

// checkSchedule checks that passes run by themselves.
func (d *Doctor) checkSchedule(ctx context.Context) (string, error) {
	name, cfg, err := d.installation()
	if err != nil {
		return "", err
	}
	out, err := scheduler.NewFromConfig(cfg).GetSchedule(ctx, &scheduler.GetScheduleInput{Name: &name, GroupName: &name})
	var notFound *types.ResourceNotFoundException
	switch {
	case errors.As(err, &notFound):
		return d.checkService(ctx, cfg, name)
	case err != nil:
		return "", toNotChecked(err)
	case out.State != types.ScheduleStateEnabled:
		return "", withEnableHint(fmt.Errorf("%w: the schedule %s is disabled", errPendingStep, name))
	}
	return fmt.Sprintf("the schedule %s starts a pass by %s", name, aws.ToString(out.ScheduleExpression)), nil
}

// checkService checks the service that runs watch, if there is no schedule.
func (d *Doctor) checkService(ctx context.Context, cfg aws.Config, name string) (string, error) {
	out, err := ecs.NewFromConfig(cfg).DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &name, Services: []string{name}})
	var notFound *ecstypes.ClusterNotFoundException
	if err != nil && !errors.As(err, &notFound) {
		return "", toNotChecked(err)
	}
	if err != nil || len(out.Services) == 0 || out.Services[0].DesiredCount == 0 {
		return "", withEnableHint(fmt.Errorf("%w: no schedule and no service %s runs passes", errPendingStep, name))
	}
	s := out.Services[0]
	if s.RunningCount == 0 {
		return "", withHint(fmt.Errorf("service %s: %d tasks desired, none running", name, s.DesiredCount), "see its events and the log group /reconcile/"+name)
	}
	return fmt.Sprintf("the service %s runs", name), nil
}

func withEnableHint(err error) error {
	return withHint(err, "enable it after a successful manual pass (docs/bootstrap.md, step 7)")
}

// toNotChecked turns an error into errNotChecked: the task's own credentials have few
// permissions, and its network may reach few services.
func toNotChecked(err error) error {
	if isDenied(err) {
		return fmt.Errorf("%w: these credentials lack the permission", errNotChecked)
	}
	return fmt.Errorf("%w: %w", errNotChecked, err)
}

// isDenied reports whether AWS refused the permission. SNS has a code of its own.
func isDenied(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && (strings.HasPrefix(api.ErrorCode(), "AccessDenied") || api.ErrorCode() == "AuthorizationError")
}
