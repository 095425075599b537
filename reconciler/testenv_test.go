package reconciler_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
)

// TestMain lets the test binary run as Terraform in a sandbox.
func TestMain(m *testing.M) {
	sandbox.Enter()
	os.Exit(m.Run())
}

// testEnv is a repository and everything that a pass over it needs, all of it real: Git,
// Terraform, the embedded record, snapshots in a directory.
type testEnv struct {
	*gittest.Repo
	t      *testing.T
	dir    string
	record *state.Record
	config run.Config
	vars   map[string]string
	// sandbox is for previews.
	sandbox *sandbox.Sandbox
}

func newTestEnv(t *testing.T, archive string) *testEnv {
	t.Helper()
	testtier.Needs(t, testtier.Terraform)
	dir := t.TempDir()
	w := &testEnv{Repo: gittest.New(t), t: t, dir: dir, vars: map[string]string{}}
	if archive != "" {
		w.CommitTxtar("first", archive)
		w.Push()
	}
	store, err := embedded.Open(filepath.Join(dir, "state"))
	w.must(err)
	t.Cleanup(func() { w.must(store.Close()) })
	w.record = state.New(store, "test", state.Options{})
	repo, err := source.Open(t.Context(), source.Options{URL: w.Dir, Branch: "main", CacheDir: filepath.Join(dir, "git")})
	w.must(err)
	snapshots, err := snapshot.Open(t.Context(), filepath.Join(dir, "snapshots"), aws.Config{})
	w.must(err)
	w.config = run.Config{
		Repo: w.Dir, Branch: "main", RecordName: "test",
		Source: repo, Record: w.record, Snapshots: snapshots, PlanBundles: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) {
			tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(dir, "work"), Sandbox: w.sandbox})
			if err != nil {
				return nil, err
			}
			return run.AdaptTerraform(tf), nil
		},
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: func(name string) (string, bool) { v, ok := w.vars[name]; return v, ok },
		WorkDir:   filepath.Join(dir, "work"), LocalState: filepath.Join(dir, "tfstate"),
		Parallelism: 4, Wait: 10 * time.Second,
		Log: slog.New(slog.NewTextHandler(testLogWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	return w
}

type testLogWriter struct{ t *testing.T }

func (l testLogWriter) Write(p []byte) (int, error) { l.t.Log(string(p)); return len(p), nil }

func (w *testEnv) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// commit adds a commit to main from a txtar archive.
func (w *testEnv) commit(archive string) {
	w.t.Helper()
	w.CommitTxtar("change", archive)
	w.Push()
}

func (w *testEnv) reconciler() *reconciler.Reconciler {
	w.useRemoteExecutor()
	return reconciler.New(w.config)
}

// runPass runs one pass and returns its outcomes by workspace, without those that were
// unchanged.
func (w *testEnv) runPass(o run.Options) (*run.Result, map[string]state.Outcome) {
	w.t.Helper()
	result, err := w.reconciler().Pass(w.t.Context(), w.t.Context(), o)
	w.must(err)
	return result, outcomes(result)
}

func outcomes(result *run.Result) map[string]state.Outcome {
	got := map[string]state.Outcome{}
	for _, ws := range result.Workspaces {
		if ws.Outcome != state.Unchanged {
			got[ws.Name] = ws.Outcome
		}
	}
	return got
}

func (w *testEnv) exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
