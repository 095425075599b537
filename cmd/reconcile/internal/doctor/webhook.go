package doctor

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

	"reconcile/cmd/reconcile/internal/config"
)

// functionKey is the key of the webhook function's program in the snapshots' bucket
// (env/common/pipeline.tf).
const functionKey = "webhook/webhook.zip"

// checkWebhook checks the webhook's token and the program of its function. Without
// such a secret, webhooks are not used.
func (d *Doctor) checkWebhook(ctx context.Context) (string, error) {
	name, cfg, err := d.installation()
	if err != nil {
		return "", err
	}
	token := name + "/webhook-token"
	out, err := secretsmanager.NewFromConfig(cfg).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &token})
	var notFound *types.ResourceNotFoundException
	switch {
	case errors.As(err, &notFound):
		return "", fmt.Errorf("%w: no secret %s; webhooks are not used", errNotChecked, token)
	case err != nil:
		return "", toNotChecked(err)
	case len(out.VersionIdsToStages) == 0:
		return "", withHint(fmt.Errorf("%w: the secret %s has no value", errPendingStep, token), bootstrapHint(config.ErrNoValue))
	}
	return d.checkFunctionUploaded(ctx, cfg)
}

// checkFunctionUploaded checks that the function's program is in S3.
func (d *Doctor) checkFunctionUploaded(ctx context.Context, cfg aws.Config) (string, error) {
	location, inS3 := strings.CutPrefix(d.settings.Snapshots, config.SchemeS3)
	if !inS3 {
		return "", fmt.Errorf("%w: snapshots are not in S3; cannot locate the function's program", errNotChecked)
	}
	bucket, _, _ := strings.Cut(location, "/")
	client := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = o.BaseEndpoint != nil })
	_, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &bucket, Key: aws.String(functionKey)})
	var notFound *s3types.NotFound
	switch {
	case errors.As(err, &notFound):
		return "", withHint(fmt.Errorf("%w: s3://%s/%s is missing; env/common needs it for the webhook function", errPendingStep, bucket, functionKey),
			"upload it before the first pass (docs/bootstrap.md, step 5), or set webhook = false in env/common")
	case err != nil:
		return "", toNotChecked(err)
	}
	return fmt.Sprintf("the token is set, and s3://%s/%s is there", bucket, functionKey), nil
}
