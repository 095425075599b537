package doctor

import (
	"context"
	"errors"
	"fmt"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/backlog"
)

// checkBacklog tries the key with the project and the repository.
func (d *Doctor) checkBacklog(ctx context.Context) (string, error) {
	if !d.settings.UsesBacklog() {
		return "", fmt.Errorf("%w: no API key is set, which previews need", errNotChecked)
	}
	project, err := d.deps.OpenBacklog(ctx, 0)
	if err != nil {
		return "", keepUsageHint(err)
	}
	if _, err := project.Client.Repository(ctx, project.Repo); err != nil {
		return "", withHint(err, backlogHint(err))
	}
	writer, err := project.Writer(ctx)
	if err != nil {
		return "", err
	}
	me, err := project.Client.Myself(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: pull requests of %s, comments by %s (%s)", project.Client.Options.URL, project.Repo, me.Name, writer), nil
}

func backlogHint(err error) string {
	switch {
	case errors.Is(err, backlog.ErrAuth):
		return "see --backlog-credentials"
	case errors.Is(err, backlog.ErrForbidden), errors.Is(err, backlog.ErrNotFound):
		return "the key's user must be a member of the project"
	case errors.Is(err, backlog.ErrNotBacklog):
		return "see --backlog"
	}
	return ""
}

// keepUsageHint copies the hint of a usage error.
func keepUsageHint(err error) error {
	var wrong *usage.Error
	if errors.As(err, &wrong) {
		return withHint(wrong.Err, wrong.Hint)
	}
	return err
}
