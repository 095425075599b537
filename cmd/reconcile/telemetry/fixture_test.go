package telemetry_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/telemetry"
	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
)

const estate = `
-- env/reconcile.hcl --
defaults { apply = "always" }
workspace "held" { apply = "plan-only" }
-- env/common/main.tf --
resource "terraform_data" "this" {
  input = "one"
}
-- env/held/main.tf --
resource "terraform_data" "this" {
  input = "one"
}
-- env/tokyo/main.tf --
resource "terraform_data" "this" {
  input = file("missing")
}
`

// fixture is an estate with everything real: Git, Terraform, record, snapshots.
type fixture struct {
	*gittest.Repo
	t      *testing.T
	dir    string
	record *state.Record
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+filepath.Dir(testtier.Tool(t, "terraform")))
	w := &fixture{Repo: gittest.New(t), t: t, dir: t.TempDir()}
	w.CommitTxtar("first", estate)
	w.Push()
	store, err := embedded.Open(filepath.Join(w.dir, "state"))
	w.must(err)
	t.Cleanup(func() { w.must(store.Close()) })
	w.record = state.New(store, "test", state.Options{})
	return w
}

func (w *fixture) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// runPass runs a pass with telemetry of its own, and sends all of it.
func (w *fixture) runPass(o telemetry.Options, passOptions run.Options) *run.Result {
	w.t.Helper()
	return w.runObserved((*reconciler.Reconciler).Pass, o, passOptions)
}

func (w *fixture) runObserved(runFunc func(*reconciler.Reconciler, context.Context, context.Context, run.Options) (*run.Result, error), o telemetry.Options, passOptions run.Options) *run.Result {
	w.t.Helper()
	tel := w.open(o)
	repo, err := source.Open(w.t.Context(), source.Options{URL: w.Dir, Branch: "main", CacheDir: filepath.Join(w.dir, "git")})
	w.must(err)
	snapshots, err := snapshot.Open(w.t.Context(), filepath.Join(w.dir, "snapshots"), aws.Config{})
	w.must(err)
	result, err := runFunc(reconciler.New(run.Config{
		Repo: w.Dir, Branch: "main", RecordName: "test", Source: repo, Record: w.record, Snapshots: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) {
			tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(w.dir, "work")})
			if err != nil {
				return nil, err
			}
			return run.AdaptTerraform(tf), nil
		},
		DigestKey:   func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		WorkDir:     filepath.Join(w.dir, "work"),
		LocalState:  filepath.Join(w.dir, "tfstate"),
		Parallelism: 2, Wait: 10 * time.Second,
		Observe: tel.Observe,
	}), w.t.Context(), w.t.Context(), passOptions)
	w.must(err)
	w.must(tel.Close(w.t.Context()))
	return result
}

func (w *fixture) open(o telemetry.Options) *telemetry.Telemetry {
	w.t.Helper()
	o.OnError = func(err error) { w.t.Error(err) }
	if o.EMFOutput == nil {
		o.EMFOutput = io.Discard
	}
	tel, err := telemetry.Open(o)
	w.must(err)
	return tel
}
