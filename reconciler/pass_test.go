package reconciler_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// TestMain lets the test binary run as Terraform in a sandbox, and as a worker.
func TestMain(m *testing.M) { reconcilertest.Main(m) }

type outcomeMap = map[string]state.Outcome

func TestPassAppliesWhatIsStaleAndNothingElse(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	first, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied, "osaka": state.Applied, "reader": state.Applied}, got); diff != "" {
		t.Errorf("first pass: %s", diff)
	}
	if first.Outcome != run.OutcomeApplied || first.Exit != 0 || first.Snapshot == "" {
		t.Errorf("first pass: %+v", first)
	}

	second, got := w.RunPass(run.Options{})
	if len(got) > 0 || second.Outcome != run.OutcomeInSync || second.Snapshot != "" {
		t.Errorf("second pass: %v %+v", got, second)
	}

	// The reader of tokyo is not stale when tokyo's outputs stay the same.
	w.Commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	_, got = w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied}, got); diff != "" {
		t.Errorf("early cutoff: %s", diff)
	}

	// A comment in a module: stale, and empty plans.
	w.Commit("-- modules/greeting/note.tf --\n# a comment\n")
	_, got = w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.NoChanges, "osaka": state.NoChanges}, got); diff != "" {
		t.Errorf("comment: %s", diff)
	}
}
