package reconciler_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/statetest"
)

// disturbedTerraform calls a function once before a workspace is planned or applied.
type disturbedTerraform struct {
	run.Terraform
	workspace               string
	beforePlan, beforeApply func()
}

func (d *disturbedTerraform) Open(killCtx context.Context, spec terraform.Spec) run.Session {
	session := d.Terraform.Open(killCtx, spec)
	if spec.Name != d.workspace {
		return session
	}
	return disturbedSession{session, d}
}

type disturbedSession struct {
	run.Session
	d *disturbedTerraform
}

func (s disturbedSession) Plan(ctx context.Context) (*terraform.Plan, error) {
	if before := s.d.beforePlan; before != nil {
		s.d.beforePlan = nil
		before()
	}
	return s.Session.Plan(ctx)
}

func (s disturbedSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	if before := s.d.beforeApply; before != nil {
		s.d.beforeApply = nil
		before()
	}
	return s.Session.Apply(ctx, plan)
}

// checkLogsHide checks that there are logs, and that none has the secret.
func checkLogsHide(w *reconcilertest.Env, secret string) {
	w.T.Helper()
	logs, err := filepath.Glob(filepath.Join(w.Spec.Home, "snapshots", "runs", "*", "*.log"))
	w.Must(err)
	for _, log := range logs {
		text, err := os.ReadFile(log)
		w.Must(err)
		if strings.Contains(string(text), secret) {
			w.T.Errorf("%s has the secret:\n%s", log, text)
		}
	}
	if len(logs) == 0 {
		w.T.Error("there are no logs")
	}
}

// checkReaderHasSecrets checks that the record of the reader knows what it passes on as secret.
func checkReaderHasSecrets(w *reconcilertest.Env) {
	w.T.Helper()
	reader, _, err := w.Record.Workspace(w.T.Context(), "reader")
	w.Must(err)
	if len(reader.SensitiveHashes) == 0 {
		w.T.Error("what the reader passes on is not known to its own readers")
	}
}

// failingReaderFiles make the plan of the reader fail with an error that quotes the secret.
const failingReaderFiles = `
-- env/reader/main.tf --
resource "terraform_data" "seen" {
  input = "sees"

  lifecycle {
    precondition {
      condition     = length(path.module) == 0
      error_message = "no database at postgres://u:${data.terraform_remote_state.up.outputs.t}@h/db"
    }
  }
}
`

// A plan of a reader fails, and quotes an output that is sensitive: known by its hash only, or
// since an apply that failed, not at all.
func TestSecretInThePlanThatFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ files, secret string }{
		"recorded":   {failingReaderFiles, "First-secret"},
		"unrecorded": {rotatedSecretFiles + failingReaderFiles, "Second-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, secretUpstreamFiles)
			w.RunPass(run.Options{})
			w.Commit(c.files)
			w.RunPass(run.Options{})
			planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
			w.Must(err)
			applied, got := w.RunPass(run.Options{Only: []string{"reader"}})
			if got["reader"] != state.Failed {
				t.Fatalf("the scene: %v", got)
			}
			for _, text := range []string{planned.Workspaces[0].Error, applied.Workspaces[0].Error} {
				if strings.Contains(text, c.secret) || !strings.Contains(text, "postgres://u:(redacted)@h/db") {
					t.Error(text)
				}
			}
			checkLogsHide(w, c.secret)
		})
	}
}

// An apply of the upstream begins when the reader has read its record, and puts a new secret into
// the state that the reader reads: when it is planned, or, since the read is deferred, applied.
func TestSecretThatIsMadeMeanwhile(t *testing.T) {
	t.Parallel()
	for name, deferred := range map[string]bool{"planned": false, "deferred": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := reconcilertest.NewEnv(t, secretUpstreamFiles)
			w.RunPass(run.Options{})
			other := w.Config
			rotate := func() {
				result, err := reconciler.New(other).Pass(t.Context(), t.Context(), run.Options{Only: []string{"up"}, CheckoutNumber: 1})
				if err != nil || reconcilertest.Outcomes(result)["up"] != state.Failed {
					t.Errorf("the scene: %v, %v", err, result)
				}
			}
			disturbed := &disturbedTerraform{workspace: "reader", beforePlan: rotate}
			files := rotatedSecretFiles
			if deferred {
				disturbed.beforePlan, disturbed.beforeApply = nil, rotate
				files += deferredReadFiles
			}
			w.Commit(files)
			w.Config.Terraform = func(ctx context.Context) (_ run.Terraform, err error) {
				disturbed.Terraform, err = other.Terraform(ctx)
				return disturbed, err
			}
			if _, got := w.RunPass(run.Options{Only: []string{"reader"}}); got["reader"] != state.Applied {
				t.Fatalf("the reader: %v", got)
			}
			checkLogsHide(w, "Second-secret")
			checkReaderHasSecrets(w)
		})
	}
}

// deferredReadFiles make Terraform read the upstream's state while it applies the reader.
const deferredReadFiles = `
-- env/reader/up.tf --
resource "terraform_data" "first" {
  input = "changed"
}

data "terraform_remote_state" "up" {
  depends_on = [terraform_data.first]
  backend    = "local"
  config = {
    path = "../up/terraform.tfstate"
  }
}
`

const longReaderFiles = `
-- env/reader/main.tf --
resource "terraform_data" "seen" {
  input = "postgres://u:${data.terraform_remote_state.up.outputs.t}@h/db in ${data.terraform_remote_state.up.outputs.open.place[0]}"
}
`

func formatUpstream(secret, place string) string {
	return `
-- env/up/main.tf --
output "t" {
  value     = "` + secret + `"
  sensitive = true
}

output "open" {
  value = { place = ["` + place + `"] }
}
`
}

// A secret was rotated. The plan of a reader shows neither the new one nor the old one, which is
// still in a longer text of the reader's own state.
func TestSecretThatWasRotated(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, secretUpstreamFiles+longReaderFiles+formatUpstream("First-secret", "Tokyo"))
	w.RunPass(run.Options{})
	w.Commit(formatUpstream("Second-secret", "Osaka"))
	w.RunPass(run.Options{Only: []string{"up"}})
	planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
	w.Must(err)
	if text := planned.Workspaces[0].Plan; !strings.Contains(text, `"postgres://u:(redacted)@h/db in Tokyo" -> "postgres://u:(redacted)@h/db in Osaka"`) {
		t.Error(text)
	}
}

// A reader whose plan is empty keeps the hashes of what it passes on, also while no record knows
// them from its upstream.
func TestSecretThatAnEmptyPlanPassesOn(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, secretUpstreamFiles)
	w.RunPass(run.Options{})
	w.Commit(rotatedSecretFiles)
	w.RunPass(run.Options{})
	for _, want := range []state.Outcome{state.Applied, state.NoChanges} {
		if _, got := w.RunPass(run.Options{Only: []string{"reader"}, Replan: true}); got["reader"] != want {
			t.Fatalf("the scene: %v", got)
		}
		checkReaderHasSecrets(w)
	}
}

// A state is older than its record, as where an estate is adopted: nobody knows what of its outputs
// is sensitive.
func TestSecretOfAStateWithoutRecord(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, secretUpstreamFiles)
	w.RunPass(run.Options{})
	store, err := embedded.Open(t.TempDir())
	w.Must(err)
	t.Cleanup(func() { w.Must(store.Close()) })
	w.Config.Record = state.New(store, "test", state.Options{})
	w.Commit(rotatedSecretFiles)
	planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
	w.Must(err)
	if text := planned.Workspaces[0].Plan; !strings.Contains(text, "now sees (redacted)") || strings.Contains(text, "First-secret") {
		t.Error(text)
	}
}

// The record is a backup that is older than a rotation, and is distrusted: its hashes are not those
// of the secret in the state.
func TestSecretThatADistrustedRecordDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, secretUpstreamFiles+longReaderFiles+formatUpstream("First-secret", "Tokyo"))
	store := statetest.NewMemory()
	w.Record = state.New(store, "test", state.Options{})
	w.Config.Record = w.Record
	w.RunPass(run.Options{})
	backup := store.Copy()
	w.Commit(formatUpstream("Second-secret", "Osaka"))
	w.RunPass(run.Options{Only: []string{"up"}})
	store.Restore(backup)
	_, err := w.Record.InvalidateTraces(t.Context())
	w.Must(err)
	planned, err := w.Reconciler().Plan(t.Context(), t.Context(), run.Options{Only: []string{"reader"}})
	w.Must(err)
	if text := planned.Workspaces[0].Plan; !strings.Contains(text, "postgres://u:(redacted)@h/db") || strings.Contains(text, "secret") {
		t.Error(text)
	}
}
