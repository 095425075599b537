package reconciler_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
)

const (
	cleanFiles = `
-- env/reconcile.hcl --
defaults { apply = "always" }
-- env/a/main.tf --
resource "terraform_data" "a" {
  input = "one"
}
-- env/b/main.tf --
resource "terraform_data" "b" {
  input = "one"
}
`
	failingFiles = `
-- env/a/main.tf --
resource "terraform_data" "a" {
  input = file("missing")
}
`
	invalidSettings = `
-- env/reconcile.hcl --
defaults {
`
)

// The out-of-sync time is that of the first pass that saw a tip which is not wholly
// applied. Later passes, tips and processes do not change it.
func TestOutOfSyncSince(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, cleanFiles)
	clock := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	w.Config.Now = func() time.Time { return clock }
	since := func(what string, minutes int) {
		t.Helper()
		head, err := w.Record.Head(t.Context())
		w.Must(err)
		var want time.Time
		if minutes >= 0 {
			want = time.Date(2026, 11, 26, 9, minutes, 0, 0, time.UTC)
		}
		if !head.OutOfSyncSince.Equal(want) {
			t.Errorf("%s: behind since %v, want %v", what, head.OutOfSyncSince, want)
		}
	}
	// pass runs one in a Reconciler of its own, as another process would, at a minute
	// past nine. The result must have the head's out-of-sync time.
	pass := func(minute int, o run.Options) error {
		t.Helper()
		clock = time.Date(2026, 11, 26, 9, minute, 0, 0, time.UTC)
		result, err := w.Reconciler().Pass(t.Context(), t.Context(), o)
		head, headErr := w.Record.Head(t.Context())
		w.Must(headErr)
		if !result.OutOfSyncSince.Equal(head.OutOfSyncSince) {
			t.Errorf("at minute %d the result has %v and the record %v", minute, result.OutOfSyncSince, head.OutOfSyncSince)
		}
		return err
	}
	schedule := run.Options{Trigger: run.TriggerSchedule}

	w.Must(pass(0, schedule))
	since("all applied", -1)

	w.Commit(failingFiles)
	w.Must(pass(5, schedule))
	since("a fails", 5)
	w.Must(pass(5, schedule))
	since("a waits out its backoff", 5)

	w.Commit("-- env/b/main.tf --\nresource \"terraform_data\" \"b\" {\n  input = \"two\"\n}\n")
	w.Must(pass(10, schedule))
	since("another tip, and a fails still", 5)

	w.Commit(invalidSettings)
	if pass(15, schedule) == nil {
		t.Error("settings that do not parse were accepted")
	}
	since("a tip that is not even adopted", 5)

	w.Commit(cleanFiles)
	w.Must(pass(20, schedule))
	since("all applied again", -1)

	w.Commit(invalidSettings)
	if pass(25, schedule) == nil {
		t.Error("settings that do not parse were accepted")
	}
	since("a tip that is not adopted, all else applied", 25)
	w.Commit(cleanFiles)
	w.Must(pass(30, schedule))
	since("taken back", -1)

	w.Commit("-- env/a/main.tf --\nresource \"terraform_data\" \"a\" {\n  input = \"blocked\"\n}\n-- env/reconcile.hcl --\ndefaults { apply = \"plan-only\" }\n")
	w.Must(pass(35, schedule))
	w.Must(pass(40, schedule))
	since("a waits for a person", 35)
	w.Must(pass(45, run.Options{Only: []string{"b"}}))
	since("a pass over others alone", 35)

	tip := w.Config.Source
	w.Config.Source = &noFetchSource{Source: tip}
	w.Commit(cleanFiles)
	if err := pass(50, schedule); !errors.Is(err, errNoFetch) {
		t.Errorf("the pass's error is %v", err)
	}
	since("it cannot be fetched", 35)
}

var errNoFetch = errors.New("no fetch")

// noFetchSource answers with the tip but cannot fetch it.
type noFetchSource struct{ run.Source }

func (noFetchSource) Fetch(context.Context, commitid.ID) (*source.Commit, error) {
	return nil, errNoFetch
}
