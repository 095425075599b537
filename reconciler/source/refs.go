package source

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// Refs returns the commits of refs such as refs/pull/3/head, by their full names, with one
// request. A ref that does not exist is missing in the result.
func (r *Repository) Refs(ctx context.Context, names []string) (map[string]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.opts.Timeout, errDeadline)
	defer cancel()
	return r.backend.refs(ctx, names)
}

func (m *remote) refs(ctx context.Context, names []string) (map[string]string, error) {
	return retry(ctx, m.retry, m.log, func() (map[string]string, error) {
		filter := newRefFilter(names)
		err := m.listV2(ctx, filter.add, names...)
		if errors.Is(err, errNotV2) || err != nil && isMaybeV0(err) {
			filter = newRefFilter(names)
			err = m.listV0(ctx, func(r ref) bool { filter.add(r); return true })
		}
		return filter.ids, err
	})
}

// refFilter selects refs by name.
type refFilter struct {
	wanted map[string]bool
	ids    map[string]string
}

func newRefFilter(names []string) *refFilter {
	f := &refFilter{wanted: map[string]bool{}, ids: map[string]string{}}
	for _, name := range names {
		f.wanted[name] = true
	}
	return f
}

func (f *refFilter) add(r ref) {
	if f.wanted[r.name] && !r.id.IsZero() {
		f.ids[r.name] = r.id.String()
	}
}

func (l *local) refs(_ context.Context, names []string) (map[string]string, error) {
	ids := map[string]string{}
	for _, name := range names {
		ref, err := l.repo.Reference(plumbing.ReferenceName(name), true)
		switch {
		case err == nil:
			ids[name] = ref.Hash().String()
		case !errors.Is(err, plumbing.ErrReferenceNotFound):
			return nil, fmt.Errorf("%s: read %s: %w", l.root, name, err)
		}
	}
	return ids, nil
}
