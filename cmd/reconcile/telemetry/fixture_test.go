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

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// runPass runs a pass with telemetry of its own, and sends all of it.
func (f *fixture) runPass(o telemetry.Options, passOptions run.Options) *run.Result {
	f.t.Helper()
	return f.runObserved((*reconciler.Reconciler).Pass, o, passOptions)
}

func (f *fixture) runObserved(runFunc func(*reconciler.Reconciler, context.Context, context.Context, run.Options) (*run.Result, error), o telemetry.Options, passOptions run.Options) *run.Result {
	f.t.Helper()
	tel := f.open(o)
	repo, err := source.Open(source.Options{URL: f.Dir, Branch: "main", CacheDir: filepath.Join(f.dir, "git")})
	f.must(err)
	snapshots, err := snapshot.Open(f.t.Context(), filepath.Join(f.dir, "snapshots"), aws.Config{})
	f.must(err)
	result, err := runFunc(reconciler.New(run.Config{
		Repo: f.Dir, Branch: "main", RecordName: "test", Source: repo, Record: f.record, Snapshots: snapshots,
		Terraform: func(ctx context.Context) (run.Terraform, error) {
			tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(f.dir, "work")})
			if err != nil {
				return nil, err
			}
			return run.AdaptTerraform(tf), nil
		},
		DigestKey:   func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		WorkDir:     filepath.Join(f.dir, "work"),
		LocalState:  filepath.Join(f.dir, "tfstate"),
		Parallelism: 2, Wait: 10 * time.Second,
		Observe: tel.Observe,
	}), f.t.Context(), f.t.Context(), passOptions)
	f.must(err)
	f.must(tel.Close(f.t.Context()))
	return result
}

func (f *fixture) open(o telemetry.Options) *telemetry.Telemetry {
	f.t.Helper()
	o.OnError = func(err error) { f.t.Error(err) }
	if o.EMFOutput == nil {
		o.EMFOutput = io.Discard
	}
	tel, err := telemetry.Open(o)
	f.must(err)
	return tel
}
