package reconciler_test

import (
	"context"
	"errors"
	"testing"
	"time"

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
	w := newTestEnv(t, cleanFiles)
	clock := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	w.config.Now = func() time.Time { return clock }
	since := func(what string, minutes int) {
		t.Helper()
		head, err := w.record.Head(t.Context())
		w.must(err)
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
		result, err := w.reconciler().Pass(t.Context(), t.Context(), o)
		head, headErr := w.record.Head(t.Context())
		w.must(headErr)
		if !result.BehindSince.Equal(head.OutOfSyncSince) {
			t.Errorf("at minute %d the result has %v and the record %v", minute, result.BehindSince, head.OutOfSyncSince)
		}
		return err
	}
	schedule := run.Options{Trigger: run.Schedule}

	w.must(pass(0, schedule))
	since("all applied", -1)

	w.commit(failingFiles)
	w.must(pass(5, schedule))
	since("a fails", 5)
	w.must(pass(5, schedule))
	since("a waits out its backoff", 5)

	w.commit("-- env/b/main.tf --\nresource \"terraform_data\" \"b\" {\n  input = \"two\"\n}\n")
	w.must(pass(10, schedule))
	since("another tip, and a fails still", 5)

	w.commit(invalidSettings)
	if pass(15, schedule) == nil {
		t.Error("settings that do not parse were accepted")
	}
	since("a tip that is not even adopted", 5)

	w.commit(cleanFiles)
	w.must(pass(20, schedule))
	since("all applied again", -1)

	w.commit(invalidSettings)
	if pass(25, schedule) == nil {
		t.Error("settings that do not parse were accepted")
	}
	since("a tip that is not adopted, all else applied", 25)
	w.commit(cleanFiles)
	w.must(pass(30, schedule))
	since("taken back", -1)

	w.commit("-- env/a/main.tf --\nresource \"terraform_data\" \"a\" {\n  input = \"blocked\"\n}\n-- env/reconcile.hcl --\ndefaults { apply = \"plan-only\" }\n")
	w.must(pass(35, schedule))
	w.must(pass(40, schedule))
	since("a waits for a person", 35)
	w.must(pass(45, run.Options{Only: []string{"b"}}))
	since("a pass over others alone", 35)

	tip := w.config.Source
	w.config.Source = &noFetchSource{Source: tip}
	w.commit(cleanFiles)
	if err := pass(50, schedule); !errors.Is(err, errNoFetch) {
		t.Errorf("the pass's error is %v", err)
	}
	since("it cannot be fetched", 35)
}

var errNoFetch = errors.New("no fetch")

// noFetchSource answers with the tip but cannot fetch it.
type noFetchSource struct{ run.Source }

func (noFetchSource) Fetch(context.Context, string) (*source.Commit, error) { return nil, errNoFetch }
