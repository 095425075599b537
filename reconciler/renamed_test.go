package reconciler_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

func TestRenamedWorkspaceKeepsRecordAndState(t *testing.T) {
	t.Parallel()
	backend := "-- env/%s/backend.tf --\nterraform {\n  backend \"local\" {\n    path = \"../../states/solo.tfstate\"\n  }\n}\n"
	w := reconcilertest.NewEnv(t, soloFiles+strings.Replace(backend, "%s", "solo", 1))
	w.RunPass(run.Options{})
	w.Repo.Git("mv", "env/solo", "env/first")
	w.Repo.CommitStaged("another name")
	w.Repo.Push()
	result, got := w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"first": state.NoChanges}, got); diff != "" {
		t.Errorf("%s %+v", diff, result)
	}
	records, err := w.Record.Workspaces(t.Context())
	w.Must(err)
	if _, old := records["solo"]; old || records["first"].ApplyCount != 1 {
		t.Errorf("records: %+v", records)
	}
}

// A local state has the workspace's name. A directory that was renamed in Git waits until a
// person has moved its state, and makes nothing a second time.
func TestRenamedWorkspaceWaitsForItsLocalState(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles)
	w.RunPass(run.Options{})
	w.Repo.Git("mv", "env/solo", "env/first")
	w.Repo.CommitStaged("another name")
	w.Repo.Push()
	states := filepath.Join(w.Spec.Home, "tfstate")
	for range 2 {
		result, got := w.RunPass(run.Options{})
		if got["first"] != state.Blocked || !strings.Contains(result.Workspaces[0].Error, "solo was removed and had the same files") {
			t.Errorf("%+v", result)
		}
	}
	w.Must(os.Rename(filepath.Join(states, "solo.tfstate"), filepath.Join(states, "first.tfstate")))
	if _, got := w.RunPass(run.Options{}); got["first"] != state.NoChanges {
		t.Errorf("with its state: %v", got)
	}
}

// A renamed directory whose files change as well, at once or before a person has moved the state, is
// known by what its plan makes: the state of the old name has it.
func TestRenamedAndChanged(t *testing.T) {
	t.Parallel()
	for _, isSeen := range []bool{false, true} {
		w := reconcilertest.NewEnv(t, soloFiles+cleanFiles)
		w.RunPass(run.Options{})
		w.Repo.Git("mv", "env/solo", "env/first")
		if isSeen {
			w.Repo.CommitStaged("another name")
			w.Repo.Push()
			w.RunPass(run.Options{})
		}
		w.Commit("-- env/first/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
		for _, options := range []run.Options{{}, {Trigger: run.TriggerManual}} {
			result, got := w.RunPass(options)
			first, _ := result.Find("first")
			if got["first"] != state.Blocked || !strings.Contains(first.Error, "the removed workspace solo has left its Terraform state") || !strings.Contains(first.Error, "with terraform_data.it,") {
				t.Errorf("seen %t: %+v", isSeen, first)
			}
		}
		// Another workspace, which came later, is applied meanwhile.
		w.Commit("-- env/other/main.tf --\nresource \"terraform_data\" \"it\" {}\n")
		if _, got := w.RunPass(run.Options{}); got["other"] != state.Applied || got["first"] != state.Blocked {
			t.Errorf("seen %t: %v", isSeen, got)
		}
		states := filepath.Join(w.Spec.Home, "tfstate")
		w.Must(os.Rename(filepath.Join(states, "solo.tfstate"), filepath.Join(states, "first.tfstate")))
		w.Commit("-- env/first/more.tf --\n# nothing\n")
		if _, got := w.RunPass(run.Options{}); got["first"] != state.NoChanges {
			t.Errorf("with its state: %v", got)
		}
	}
}

// A directory that was renamed in Git after its apply had failed is known by the files of that
// apply: what it has made is not made a second time.
func TestRenamedAfterAFailedApply(t *testing.T) {
	t.Parallel()
	for _, isFirst := range []bool{false, true} {
		w := reconcilertest.NewEnv(t, cleanFiles)
		if !isFirst {
			w.Commit(soloFiles)
		}
		w.RunPass(run.Options{})
		w.Commit(failingSolo)
		if _, got := w.RunPass(run.Options{}); got["solo"] != state.Failed {
			t.Fatalf("the scene: %v", got)
		}
		w.Repo.Git("mv", "env/solo", "env/renamed")
		w.Repo.CommitStaged("renamed")
		w.Repo.Push()
		result, got := w.RunPass(run.Options{})
		renamed, _ := result.Find("renamed")
		if got["renamed"] != state.Blocked || !strings.Contains(renamed.Error, "solo.tfstate") {
			t.Errorf("first %t: %+v", isFirst, renamed)
		}
	}
}

// A directory that is renamed to a name that was used before has its files, and not its state: the
// local state of that name has what another workspace made.
func TestRenamedToANameOfBefore(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, soloFiles+cleanFiles)
	w.RunPass(run.Options{})
	w.Repo.Git("rm", "-rq", "env/a")
	w.Repo.CommitStaged("without a")
	w.Repo.Push()
	w.RunPass(run.Options{})
	w.Repo.Git("mv", "env/solo", "env/a")
	w.Repo.CommitStaged("the name of before")
	w.Repo.Push()
	for range 2 {
		result, got := w.RunPass(run.Options{})
		a, _ := result.Find("a")
		if got["a"] != state.Blocked || !strings.Contains(a.Error, "solo was removed and had the same files") || !strings.Contains(a.Error, "had the name a before") {
			t.Errorf("%+v", a)
		}
	}
	states := filepath.Join(w.Spec.Home, "tfstate")
	w.Must(os.Rename(filepath.Join(states, "solo.tfstate"), filepath.Join(states, "a.tfstate")))
	if result, got := w.RunPass(run.Options{}); got["a"] != state.Blocked || !strings.Contains(result.Workspaces[0].Error, "lineage") {
		t.Errorf("with another state than the record has of this name: %+v", result)
	}
	if _, got := w.RunPass(run.Options{Only: []string{"a"}, Adopt: true}); got["a"] != state.NoChanges {
		t.Errorf("with its state: %v", got)
	}
}

// A removed workspace that comes back, with its files or with others, goes on with its state.
func TestRemovedWorkspaceComesBack(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]string{"as it was": "", "changed": "-- env/solo/more.tf --\nresource \"terraform_data\" \"more\" {}\n"} {
		w := reconcilertest.NewEnv(t, soloFiles+cleanFiles)
		w.RunPass(run.Options{})
		w.Repo.Git("rm", "-rq", "env/solo")
		w.Repo.CommitStaged("without")
		w.Repo.Push()
		w.RunPass(run.Options{})
		w.Commit(soloFiles + files)
		if _, got := w.RunPass(run.Options{}); got["solo"] != state.Applied && got["solo"] != state.NoChanges {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// The hold of a renamed workspace names the command for the new name, quoted for the shell.
func TestRenamedWorkspaceKeepsItsHold(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, "-- env/so lo/main.tf --\nterraform {\n  backend \"local\" {\n    path = \"../../states/solo.tfstate\"\n  }\n}\nresource \"terraform_data\" \"it\" {}\n")
	w.RunPass(run.Options{})
	w.Must(w.Record.PlaceHold(t.Context(), state.Hold{Name: "so lo", Kind: state.Suspended, Help: "resume it with `reconcile resume 'so lo'`"}))
	w.Repo.Git("mv", "env/so lo", "env/$(id)")
	w.Repo.CommitStaged("another name")
	w.Repo.Push()
	w.RunPass(run.Options{})
	holds, err := w.Record.Holds(t.Context())
	w.Must(err)
	if got := holds["$(id)"].Help; got != "resume it with `reconcile resume '$(id)'`" {
		t.Errorf("%q, of %v", got, holds)
	}
}
