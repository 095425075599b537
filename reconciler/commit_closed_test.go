package reconciler_test

import (
	"context"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
)

// countingSource counts the commits that were fetched and are not closed yet.
type countingSource struct {
	run.Source
	open, fetched int
}

func (s *countingSource) Fetch(ctx context.Context, id commitid.ID) (*source.Commit, error) {
	commit, err := s.Source.Fetch(ctx, id)
	if err == nil {
		s.fetched++
		s.open++
		commit.AddCloser(func() error { s.open--; return nil })
	}
	return commit, err
}

// TestCommitIsClosed: a commit whose settings or workspaces cannot be used is closed, too. Until
// then nobody else may remove its directory in the cache.
func TestCommitIsClosed(t *testing.T) {
	t.Parallel()
	e := reconcilertest.NewEnv(t, soloFiles)
	counting := &countingSource{Source: e.Config.Source}
	e.Config.Source = counting
	for _, change := range []string{"", "-- env/reconcile.hcl --\nno_such_setting = 1\n", "-- env/reconcile.hcl --\nworkspaces = [\"none/*\"]\n"} {
		if change != "" {
			e.Commit(change)
		}
		_, err := e.Reconciler().Plan(t.Context(), t.Context(), run.Options{})
		_, readErr := inspect.FindChanged(t.Context(), e.Config, "", "")
		if isBad := change != ""; isBad != (err != nil) || isBad != (readErr != nil) {
			t.Errorf("%q: %v, %v", change, err, readErr)
		}
	}
	if counting.fetched != 6 || counting.open != 0 {
		t.Errorf("%d of %d commits are open", counting.open, counting.fetched)
	}
}
