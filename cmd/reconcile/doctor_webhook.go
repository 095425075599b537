package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
)

// functionKey is where the function behind the webhook is put, beside snapshots
// (env/common/pipeline.tf).
const functionKey = "webhook/webhook.zip"

// webhook looks whether there is what a webhook needs: its token, and the
// program of the function that it calls. Where no such secret was made, nobody
// wants one.
func (d *doctor) webhook(ctx context.Context) (string, error) {
	name, cfg, err := d.installation()
	if err != nil {
		return "", err
	}
	token := name + "/webhook-token"
	out, err := secretsmanager.NewFromConfig(cfg).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &token})
	var none *types.ResourceNotFoundException
	switch {
	case errors.As(err, &none):
		return "", fmt.Errorf("%w: there is no secret %s, so no webhook starts passes", errSkip, token)
	case err != nil:
		return "", look(err)
	case len(out.VersionIdsToStages) == 0:
		return "", advise(fmt.Errorf("%w: the secret %s has no value", errYet, token), stepFor(errNoValue))
	}
	return d.uploaded(ctx, cfg)
}

// uploaded looks for the function's program.
func (d *doctor) uploaded(ctx context.Context, cfg aws.Config) (string, error) {
	location, inS3 := strings.CutPrefix(d.app.Snapshots, schemeS3)
	if !inS3 {
		return "", fmt.Errorf("%w: snapshots are not in S3, so where a program would be is not known", errSkip)
	}
	bucket, _, _ := strings.Cut(location, "/")
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	_, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String(functionKey)})
	var none *s3types.NotFound
	switch {
	case errors.As(err, &none):
		return "", advise(fmt.Errorf("%w: s3://%s/%s is not there, and common makes the webhook's function of it", errYet, bucket, functionKey),
			"upload it before the first pass (docs/bootstrap.md, step 5), or set webhook = false in env/common")
	case err != nil:
		return "", look(err)
	}
	return fmt.Sprintf("the token is set, and s3://%s/%s is there", bucket, functionKey), nil
}
