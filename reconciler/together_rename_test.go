package reconciler_test

import (
	"testing"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// A workspace that is renamed while another run holds its state is left alone
// until its record, and its state, can be moved.
func TestTogetherRenamed(t *testing.T) {
	repo := gittest.New(t)
	repo.CommitTxtar("first", atPath(files, "old"))
	p := newPlace(t, files, repo.Dir)
	p.converge(t)
	lease, err := p.record(t).Acquire(t.Context(), state.Claim{Identity: "local:test/states/it.tfstate", Workspace: "old", Run: "other"})
	if err != nil {
		t.Fatal(err)
	}
	repo.Git("rm", "-q", "-r", "env/old")
	repo.CommitTxtar("second", atPath(files, "new"))
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	config, err := p.config(t.Context(), store, testLogger(t), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	config.Wait = time.Millisecond
	config.Observe = func(e reconciler.Event) {
		if e.Phase == reconciler.PhaseLease {
			t.Errorf("%s is worked on without its record", e.Workspace)
			release(t, lease) // so that it need not wait
		}
	}
	if result, err := passOf(t, config); err != nil || result.Exit != reconciler.ExitBusy {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	release(t, lease)
	p.converge(t)
	workspaces, err := p.record(t).Workspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Its one apply was under the old name: nothing was made anew.
	if len(workspaces) != 1 || workspaces["new"].Counter != 1 {
		t.Errorf("the record: %+v", workspaces)
	}
}

func release(t *testing.T, lease *state.Lease) {
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
