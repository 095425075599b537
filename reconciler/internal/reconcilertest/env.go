// Package reconcilertest makes environments for tests of passes and previews: a Git
// repository, a record, snapshots and the real Terraform, in a directory of the test or in
// emulators of AWS; and an executor of tasks whose workers are processes of the test
// binary. It does not know what a test checks.
package reconcilertest

import (
	"context"
	"log/slog"
	"os"
	"testing"
	"time"

	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/terraform/sandbox"
	"reconcile/state"
)

// Main runs the tests of a package that uses environments. It also lets the test binary run
// as Terraform in a sandbox, and as a worker of a ProcessExecutor.
func Main(m *testing.M) {
	sandbox.Enter()
	if spec, ok := os.LookupEnv(workerSpecVariable); ok {
		os.Exit(runWorker(spec))
	}
	os.Exit(m.Run())
}

// Env is a repository and an environment for passes over it in the test's own process. The
// parts are real; the record is embedded.
type Env struct {
	Repo   *gittest.Repo
	T      *testing.T
	Spec   Spec
	Record *state.Record
	// Config is what runs are made with. A test may change it between runs.
	Config run.Config
	// Vars are the variables of reconcile's own environment that runs see.
	Vars map[string]string
	// Sandbox is for previews; nil runs Terraform without one.
	Sandbox *sandbox.Sandbox
}

// NewEnv makes an environment. A txtar archive, unless empty, is the first commit of main.
func NewEnv(t *testing.T, archive string) *Env {
	t.Helper()
	testtier.Needs(t, testtier.Terraform)
	w := &Env{Repo: gittest.New(t), T: t, Vars: map[string]string{}}
	if archive != "" {
		w.Repo.CommitTxtar("first", archive)
		w.Repo.Push()
	}
	w.Spec = NewSpec(t, Files, w.Repo.Dir)
	store, err := w.Spec.OpenStore()
	w.Must(err)
	t.Cleanup(func() { w.Must(store.Close()) })
	w.Config, err = w.Spec.NewConfig(t.Context(), store, NewLogger(t), state.Options{})
	w.Must(err)
	w.Record = w.Config.Record
	w.Config.Repo = w.Repo.Dir
	w.Config.Wait = 10 * time.Second
	w.Config.LookupEnv = func(name string) (string, bool) { v, ok := w.Vars[name]; return v, ok }
	w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) { return w.Spec.openTerraform(ctx, w.Sandbox) }
	return w
}

// NewLogger returns a logger that writes to the test's log.
func NewLogger(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(logWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

type logWriter struct{ t *testing.T }

func (l logWriter) Write(p []byte) (int, error) { l.t.Log(string(p)); return len(p), nil }

// Must ends the test if there is an error.
func (e *Env) Must(err error) {
	e.T.Helper()
	if err != nil {
		e.T.Fatal(err)
	}
}

// Commit adds a commit to main from a txtar archive, and pushes it.
func (e *Env) Commit(archive string) {
	e.T.Helper()
	e.Repo.CommitTxtar("change", archive)
	e.Repo.Push()
}

// Reconciler returns a reconciler of the environment as Config says now.
func (e *Env) Reconciler() *reconciler.Reconciler {
	e.UseRemoteExecutor()
	return reconciler.New(e.Config)
}

// RunPass runs one pass and returns its outcomes by workspace, without those that were
// unchanged.
func (e *Env) RunPass(o run.Options) (*run.Result, map[string]state.Outcome) {
	e.T.Helper()
	result, err := e.Reconciler().Pass(e.T.Context(), e.T.Context(), o)
	e.Must(err)
	return result, Outcomes(result)
}

// Outcomes returns the outcomes of a run by workspace, without those that were unchanged.
func Outcomes(result *run.Result) map[string]state.Outcome {
	got := map[string]state.Outcome{}
	for _, ws := range result.Workspaces {
		if ws.Outcome != state.Unchanged {
			got[ws.Name] = ws.Outcome
		}
	}
	return got
}

// SmallFiles is two workspaces that share a module, and a reader of one of them.
const SmallFiles = `
-- modules/greeting/main.tf --
variable "name" {
  type = string
}

resource "terraform_data" "this" {
  input = "hello ${var.name}"
}

output "text" {
  value = terraform_data.this.output
}
-- env/tokyo/main.tf --
module "greeting" {
  source = "../../modules/greeting"
  name   = "tokyo"
}

output "text" {
  value = module.greeting.text
}
-- env/osaka/main.tf --
module "greeting" {
  source = "../../modules/greeting"
  name   = "osaka"
}
-- env/reader/main.tf --
data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.tokyo.outputs.text
}
`
