package run

import (
	"context"
	"errors"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source"
)

// WithoutGit returns the configuration of a pass that asks neither Git nor Backlog's pull
// requests.
func (c Config) WithoutGit() *Config {
	c.Source, c.PullRequests = noSource{}, nil
	return &c
}

// noSource is the repository of a pass that must not ask one.
type noSource struct{}

var errNoGit = errors.New("a pass over a snapshot asks no Git server")

func (noSource) Tip(context.Context, string) (source.Tip, error) { return source.Tip{}, errNoGit }

func (noSource) Fetch(context.Context, commitid.ID) (*source.Commit, error) { return nil, errNoGit }

func (noSource) Contains(context.Context, commitid.ID, commitid.ID) (yes, known bool, err error) {
	return false, false, errNoGit
}

func (noSource) Resolve(context.Context, string) (commitid.ID, error) { return "", errNoGit }

func (noSource) Refs(context.Context, []string) (map[string]commitid.ID, error) { return nil, errNoGit }

func (noSource) Merge(context.Context, commitid.ID, commitid.ID) (*source.Merge, error) {
	return nil, errNoGit
}
