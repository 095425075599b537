package wire

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/awsworker"
	"reconcile/cmd/reconcile/internal/backlognotify"
	"reconcile/cmd/reconcile/internal/config"
	"reconcile/cmd/reconcile/telemetry"
)

// TryExecutor asks AWS for what --executor names, and starts nothing.
func (d *Deps) TryExecutor(ctx context.Context, cfg aws.Config) error {
	s := d.Settings
	if project, ok := strings.CutPrefix(s.Executor, config.SchemeCodeBuild); ok {
		return awsworker.CheckCodeBuild(ctx, cfg, project, s.Parallelism)
	}
	target, err := awsworker.ParseECS(s.Executor)
	if err != nil {
		return err
	}
	return target.Check(ctx, cfg)
}

// TryIssues asks Backlog whether issues of --notify-issues can be opened and closed, and
// opens none.
func (d *Deps) TryIssues(ctx context.Context) error {
	open := func(ctx context.Context) (*backlognotify.Project, error) { return d.OpenBacklog(ctx, 0) }
	return backlognotify.IssueNotifier{OpenProject: open, IssueType: d.Settings.NotifyIssues}.Check(ctx)
}

// TryTelemetry sends a message without data to each receiver, and returns their addresses.
func (d *Deps) TryTelemetry(ctx context.Context) ([]string, error) {
	return telemetry.Check(ctx, telemetry.Options{Metrics: d.Settings.Metrics, Traces: d.Settings.Traces})
}
