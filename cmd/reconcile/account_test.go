package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/codebuild"
	codebuildtypes "github.com/aws/aws-sdk-go-v2/service/codebuild/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	schedulertypes "github.com/aws/aws-sdk-go-v2/service/scheduler/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/env/awstest"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/snapshot/s3test"
)

// account WHAT [ARG]... puts into an AWS account what the steps of
// docs/bootstrap.md do, as the modules reconciler and state_backend name it:
//
//	account empty                 starts moto; the SDK's variables are set
//	account table NAME
//	account bucket NAME
//	account secret NAME           one without a value
//	account value NAME VALUE
//	account repository NAME
//	account push NAME DIGEST      an image
//	account upload BUCKET KEY     an object
//	account task NAME IMAGE       a task definition
//	account schedule NAME STATE   DISABLED or ENABLED
//	account topic NAME            of SNS
//	account cluster NAME          of ECS
//	account project NAME          of CodeBuild
func accountCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: account WHAT [ARG]...")
	}
	w := fixtureOf(ts)
	if args[0] == "empty" {
		w.account = &account{cfg: aws.Config{
			Region: s3test.Region, BaseEndpoint: aws.String(awstest.StartMoto(w.tb)),
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		}}
		for _, variable := range []string{
			"AWS_ENDPOINT_URL=" + *w.account.cfg.BaseEndpoint, "AWS_REGION=" + s3test.Region, "AWS_ACCESS_KEY_ID=test",
			"AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true",
		} {
			name, value, _ := strings.Cut(variable, "=")
			ts.Setenv(name, value)
		}
		return
	}
	ts.Check(w.account.put(w, args[0], append(args[1:], "", "")))
}

// account is an AWS account that a script fills step by step.
type account struct{ cfg aws.Config }

func (a *account) put(w *fixture, what string, args []string) (err error) {
	ctx, name := w.tb.Context(), &args[0]
	switch what {
	case "table":
		table, ttl := dynamodbtest.TableDefinition(*name)
		client := dynamodb.NewFromConfig(a.cfg)
		_, err = client.CreateTable(ctx, table)
		_, ttlErr := client.UpdateTimeToLive(ctx, ttl)
		err = errors.Join(err, ttlErr)
	case "bucket":
		_, err = s3.NewFromConfig(a.cfg).CreateBucket(ctx, &s3.CreateBucketInput{Bucket: name, CreateBucketConfiguration: &s3types.CreateBucketConfiguration{
			LocationConstraint: s3types.BucketLocationConstraint(a.cfg.Region),
		}})
	case "secret":
		_, err = secretsmanager.NewFromConfig(a.cfg).CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: name})
	case "value":
		_, err = secretsmanager.NewFromConfig(a.cfg).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: name, SecretString: &args[1]})
	case "repository":
		_, err = ecr.NewFromConfig(a.cfg).CreateRepository(ctx, &ecr.CreateRepositoryInput{RepositoryName: name})
	case "push":
		_, err = ecr.NewFromConfig(a.cfg).PutImage(ctx, &ecr.PutImageInput{RepositoryName: name, ImageDigest: &args[1], ImageManifest: aws.String(`{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}`)})
	case "upload":
		_, err = s3.NewFromConfig(a.cfg).PutObject(ctx, &s3.PutObjectInput{Bucket: name, Key: &args[1], Body: strings.NewReader("PK")})
	case "task":
		_, err = ecs.NewFromConfig(a.cfg).RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{Family: name, ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Name: aws.String("reconcile"), Image: &args[1], Memory: aws.Int32(4096)},
		}})
	case "topic":
		_, err = sns.NewFromConfig(a.cfg).CreateTopic(ctx, &sns.CreateTopicInput{Name: name})
	case "cluster":
		_, err = ecs.NewFromConfig(a.cfg).CreateCluster(ctx, &ecs.CreateClusterInput{ClusterName: name})
	case "project":
		_, err = codebuild.NewFromConfig(a.cfg).CreateProject(ctx, &codebuild.CreateProjectInput{
			Name: name, ServiceRole: aws.String("arn:aws:iam::123456789012:role/builds"),
			Source:    &codebuildtypes.ProjectSource{Type: codebuildtypes.SourceTypeGithub, Location: aws.String("https://example.com/x.git"), Buildspec: aws.String("{}")},
			Artifacts: &codebuildtypes.ProjectArtifacts{Type: codebuildtypes.ArtifactsTypeNoArtifacts},
			Environment: &codebuildtypes.ProjectEnvironment{
				Type: codebuildtypes.EnvironmentTypeLinuxContainer, Image: aws.String("image"), ComputeType: codebuildtypes.ComputeTypeBuildGeneral1Small,
			},
		})
	case "schedule":
		err = a.putSchedule(w, name, schedulertypes.ScheduleState(args[1]))
	default:
		err = fmt.Errorf("account %s is not known", what)
	}
	return err
}

func (a *account) putSchedule(w *fixture, name *string, state schedulertypes.ScheduleState) error {
	ctx, client := w.tb.Context(), scheduler.NewFromConfig(a.cfg)
	target := &schedulertypes.Target{
		Arn:     aws.String("arn:aws:ecs:" + a.cfg.Region + ":123456789012:cluster/" + *name),
		RoleArn: aws.String("arn:aws:iam::123456789012:role/reconcile/reconcile-scheduler"),
	}
	window := &schedulertypes.FlexibleTimeWindow{Mode: schedulertypes.FlexibleTimeWindowModeOff}
	if state == schedulertypes.ScheduleStateEnabled { // it is there, disabled
		_, err := client.UpdateSchedule(ctx, &scheduler.UpdateScheduleInput{Name: name, GroupName: name, State: state, ScheduleExpression: aws.String("rate(5 minutes)"), Target: target, FlexibleTimeWindow: window})
		return err
	}
	_, groupErr := client.CreateScheduleGroup(ctx, &scheduler.CreateScheduleGroupInput{Name: name})
	_, err := client.CreateSchedule(ctx, &scheduler.CreateScheduleInput{Name: name, GroupName: name, State: state, ScheduleExpression: aws.String("rate(5 minutes)"), Target: target, FlexibleTimeWindow: window})
	return errors.Join(groupErr, err)
}
