package reconciler_test

import (
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
	"reconcile/state"
)

// A workspace that is renamed while another run holds its state is left alone until its
// record and its state can be moved.
func TestConcurrentRename(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.CommitTxtar("first", outsideStateWorkspace(reconcilertest.Files, "old"))
	p := reconcilertest.NewSpec(t, reconcilertest.Files, repo.Dir)
	converge(t, p)
	lease, err := openRecord(t, p).Acquire(t.Context(), state.LeaseRequest{Identity: "local:test/states/it.tfstate", Workspace: "old", Run: "other"})
	if err != nil {
		t.Fatal(err)
	}
	repo.Git("rm", "-q", "-r", "env/old")
	repo.CommitTxtar("second", outsideStateWorkspace(reconcilertest.Files, "new"))
	config := newConfig(t, p)
	config.Wait = time.Millisecond
	config.Observe = func(e run.Event) {
		if e.Phase == run.PhaseLease {
			t.Errorf("%s is worked on without its record", e.Workspace)
			releaseLease(t, lease) // so that it need not wait
		}
	}
	if result, err := runPassWith(t, config); err != nil || result.Exit != run.ExitBusy {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	releaseLease(t, lease)
	converge(t, p)
	workspaces, err := openRecord(t, p).Workspaces(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// Its one apply was under the old name: nothing was created again.
	if len(workspaces) != 1 || workspaces["new"].ApplyCount != 1 {
		t.Errorf("the record: %+v", workspaces)
	}
}

func releaseLease(t *testing.T, lease *state.Lease) {
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}
