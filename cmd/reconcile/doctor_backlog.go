package main

import (
	"context"
	"errors"
	"fmt"

	"reconcile/reconciler/backlog"
)

// usesBacklog tells whether the settings hold anything of Backlog's API.
func (s *settings) usesBacklog() bool {
	return s.Backlog != "" || s.BacklogCredentials != "" || s.BacklogAPIKey != ""
}

// backlog tries the key, and the project and repository that it is for.
func (d *doctor) backlog(ctx context.Context) (string, error) {
	if !d.app.usesBacklog() {
		return "", fmt.Errorf("%w: no API key is set, which previews need", errSkip)
	}
	space, err := d.parts.openBacklog(ctx, 0)
	if err != nil {
		return "", adviseUsage(err)
	}
	if _, err := space.client.Repository(ctx, space.repo); err != nil {
		return "", advise(err, backlogMend(err))
	}
	words, err := space.writer(ctx)
	if err != nil {
		return "", err
	}
	me, err := space.client.Myself(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s: pull requests of %s, comments by %s (%s)", space.client.URL, space.repo, me.Name, words), nil
}

func backlogMend(err error) string {
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

// adviseUsage keeps the advice of wrong usage.
func adviseUsage(err error) error {
	var usage *usageError
	if errors.As(err, &usage) {
		return advise(usage.err, usage.help)
	}
	return err
}
