package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/plandigest"
	"reconcile/internal/secret"
	"reconcile/reconciler"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gitwire"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
)

// benchSetup is a repository, and where the record and the caches of it are.
type benchSetup struct {
	testing.TB
	url                string // or path, without credentials
	username, password string
	dir                string
}

// benchRecord is the record's name, so that the program finds what runStubPass wrote.
const benchRecord = "bench"

func (b *benchSetup) path(name string) string { return filepath.Join(b.dir, name) }

// command runs the built program on the repository.
func (b *benchSetup) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(cleanEnv(),
		"RECONCILE_REPO="+b.url, "RECONCILE_GIT_USERNAME="+b.username, "RECONCILE_GIT_PASSWORD="+b.password,
		"RECONCILE_RECORD="+benchRecord, "RECONCILE_STATE="+b.path("state"), "RECONCILE_WORK="+b.path("work"))
	return cmd
}

// cleanEnv returns a small environment without personal settings.
func cleanEnv() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "CHECKPOINT_DISABLE=1",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
	}
}

// runStubPass runs a pass in this process with the parts of the program. A stub that
// does nothing replaces Terraform.
func (b *benchSetup) runStubPass(o run.Options) error {
	ctx := b.Context()
	repo, err := source.Open(source.Options{
		URL: b.url, Branch: "main", CacheDir: b.path("work/git"),
		Credentials: gitwire.Credentials{Username: secret.Text(b.username), Password: secret.Text(b.password)},
	})
	if err != nil {
		return err
	}
	store, err := embedded.Open(b.path("state"))
	if err != nil {
		return err
	}
	defer store.Close()
	snapshots, err := snapshot.Open(ctx, b.path("state/snapshots"), aws.Config{})
	if err != nil {
		return err
	}
	result, err := reconciler.New(run.Config{
		Repo: b.url, Branch: "main", RecordName: benchRecord, Source: repo, Snapshots: snapshots,
		Record:    state.New(store, benchRecord, state.Options{Process: state.CurrentProcess()}),
		Terraform: func(context.Context) (run.Terraform, error) { return stubTerraform{}, nil },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: os.LookupEnv,
		WorkDir:   b.path("work"), LocalState: b.path("state/tfstate"),
		Parallelism: 4, Wait: time.Minute,
	}).Pass(ctx, ctx, o)
	if err == nil && result.Exit != run.ExitOK {
		err = fmt.Errorf("the pass came to %s", result.Outcome)
	}
	return err
}

// stubTerraform is a Terraform that does nothing and says that it did.
type stubTerraform struct{}

func (stubTerraform) Product() string { return "terraform" }
func (stubTerraform) Version() string { return "1.11.4" }
func (stubTerraform) Open(_ context.Context, spec terraform.Spec) run.Session {
	return stubSession{spec}
}

type stubSession struct{ terraform.Spec }

func (s stubSession) Init(context.Context) error { return s.logLine("initialized") }

func (s stubSession) Plan(context.Context) (*terraform.Plan, error) {
	return &terraform.Plan{Changes: terraform.Changes{Add: 1}, Digest: plandigest.Digest(s.digestOf("plan"))}, s.logLine("1 to add")
}

func (s stubSession) Apply(context.Context, *terraform.Plan) error { return s.logLine("1 added") }

func (s stubSession) Outputs(context.Context, []byte) (terraform.Outputs, error) {
	return terraform.Outputs{Digest: s.digestOf("outputs")}, nil
}

func (s stubSession) ForceUnlock(context.Context, string) error { return nil }
func (s stubSession) SetVariable(terraform.Variable)            {}
func (s stubSession) PrepareApply(context.Context) error        { return nil }
func (s stubSession) GeneratedLockFile() []byte                 { return nil }
func (s stubSession) Close() error                              { return nil }

func (s stubSession) logLine(what string) error {
	_, err := fmt.Fprintln(s.Log, s.Name, what)
	return err
}

func (s stubSession) digestOf(what string) string {
	sum := sha256.Sum256([]byte(what + s.Name))
	return hex.EncodeToString(sum[:16])
}
