package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"reconcile/cmd/reconcile/internal/config"
)

// checkNotify checks the channels of notifications without notifying anybody.
func (d *Doctor) checkNotify(ctx context.Context) (string, error) {
	if len(d.settings.Notify) == 0 {
		return "", fmt.Errorf("%w: nobody is notified (--notify)", errNotChecked)
	}
	for _, channel := range d.settings.Notify {
		if topic, isSNS := strings.CutPrefix(channel, config.SchemeSNS); isSNS {
			if err := d.checkTopic(ctx, topic); err != nil {
				return "", err
			}
		}
	}
	if d.settings.NotifyIssues != "" {
		if err := d.deps.TryIssues(ctx); err != nil {
			return "", withHint(keepUsageHint(err), "see --notify-issues, and the check of backlog")
		}
	}
	return strings.Join(d.settings.Notify, ", "), nil
}

// checkTopic asks for the attributes of a topic, since nobody can be notified on trial.
func (d *Doctor) checkTopic(ctx context.Context, topic string) error {
	cfg, err := d.awsConfig()
	if err != nil {
		return err
	}
	_, err = sns.NewFromConfig(cfg).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: &topic})
	var notFound *snstypes.NotFoundException
	if errors.As(err, &notFound) {
		return withHint(fmt.Errorf("topic %s does not exist", topic), "see --notify")
	}
	return withServiceHint(err, "see --notify: the topic must be in the Region of AWS_REGION", "sns:GetTopicAttributes")
}

// checkExecutor checks where workspaces are applied.
func (d *Doctor) checkExecutor(ctx context.Context) (string, error) {
	executor := d.settings.Executor
	if executor == config.ExecutorLocal {
		return "", fmt.Errorf("%w: workspaces are applied by the pass itself", errNotChecked)
	}
	cfg, err := d.awsConfig()
	if err != nil {
		return "", err
	}
	permission := "ecs:DescribeClusters and ecs:DescribeTaskDefinition"
	if strings.HasPrefix(executor, config.SchemeCodeBuild) {
		permission = "codebuild:BatchGetProjects"
	}
	return executor, withServiceHint(d.deps.TryExecutor(ctx, cfg), "see --executor (docs/executors.md)", permission)
}

// withServiceHint adds a hint to an error of a service that passes cannot do without.
// Without the permission to ask the service, nothing is known.
func withServiceHint(err error, hint, permission string) error {
	if isDenied(err) {
		return withHint(toNotChecked(err), "run doctor with credentials that have "+permission+"; passes need no such permission")
	}
	return withHint(err, hint)
}

// checkTelemetry sends messages without data.
func (d *Doctor) checkTelemetry(ctx context.Context) (string, error) {
	receivers, err := d.deps.TryTelemetry(ctx)
	if err == nil && len(receivers) == 0 {
		return "", fmt.Errorf("%w: nothing is sent to a receiver of OTLP (--metrics, --traces)", errNotChecked)
	}
	if err != nil {
		return "", withHint(err, "see OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS; passes run without telemetry meanwhile")
	}
	return strings.Join(receivers, ", "), nil
}
