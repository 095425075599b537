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

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/snapshot"
)

// bench is a repository, and where the record and the caches of it are.
type bench struct {
	*testing.B
	url                string // or path, without credentials
	username, password string
	dir                string
}

// record is the record's name, so that the program finds what stubPass wrote.
const record = "bench"

func (b *bench) place(name string) string { return filepath.Join(b.dir, name) }

// command runs the built program on the repository.
func (b *bench) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Env = append(plain(),
		"RECONCILE_REPO="+b.url, "RECONCILE_GIT_USERNAME="+b.username, "RECONCILE_GIT_PASSWORD="+b.password,
		"RECONCILE_RECORD="+record, "RECONCILE_STATE="+b.place("state"), "RECONCILE_WORK="+b.place("work"))
	return cmd
}

// plain is a small environment, in which nobody's settings count.
func plain() []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + os.TempDir(), "CHECKPOINT_DISABLE=1",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_TERMINAL_PROMPT=0",
	}
}

// stubPass is a pass in this process, by the parts that the program uses, but
// Terraform, in whose place a stub does nothing.
func (b *bench) stubPass(o reconciler.Options) error {
	ctx := b.Context()
	repo, err := source.Open(ctx, source.Options{
		URL: b.url, Branch: "main", Cache: b.place("work/git"),
		Credentials: source.Credentials{Username: b.username, Password: b.password},
	})
	if err != nil {
		return err
	}
	store, err := embedded.Open(b.place("state"))
	if err != nil {
		return err
	}
	defer store.Close()
	snapshots, err := snapshot.Open(ctx, b.place("state/snapshots"), aws.Config{})
	if err != nil {
		return err
	}
	result, err := reconciler.New(reconciler.Config{
		Repo: b.url, Branch: "main", Name: record, Source: repo, Snapshots: snapshots,
		Record:    state.New(store, record, state.Options{Self: state.Self()}),
		Terraform: func(context.Context) (reconciler.Terraform, error) { return stub{}, nil },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		Variable:  os.LookupEnv,
		Work:      b.place("work"), LocalState: b.place("state/tfstate"),
		Parallelism: 4, Wait: time.Minute,
	}).Pass(ctx, ctx, o)
	if err == nil && result.Exit != reconciler.ExitOK {
		err = fmt.Errorf("the pass came to %s", result.Outcome)
	}
	return err
}

// stub is a Terraform that does nothing and says that it did.
type stub struct{}

func (stub) Product() string { return "terraform" }
func (stub) Version() string { return "1.11.4" }
func (stub) Open(_ context.Context, job terraform.Job) reconciler.Session {
	return stubSession{job}
}

type stubSession struct{ terraform.Job }

func (s stubSession) Init(context.Context) error { return s.say("initialized") }

func (s stubSession) Plan(context.Context) (*terraform.Plan, error) {
	return &terraform.Plan{Changes: terraform.Changes{Add: 1}, Digest: s.digest("plan")}, s.say("1 to add")
}

func (s stubSession) Apply(context.Context, *terraform.Plan) error { return s.say("1 added") }

func (s stubSession) Outputs(context.Context, []byte) (terraform.Outputs, error) {
	return terraform.Outputs{Digest: s.digest("outputs")}, nil
}

func (s stubSession) ForceUnlock(context.Context, string) error { return nil }
func (s stubSession) PrepareApply(context.Context) error        { return nil }
func (s stubSession) MadeLockFile() []byte                      { return nil }
func (s stubSession) Close() error                              { return nil }

func (s stubSession) say(what string) error {
	_, err := fmt.Fprintln(s.Log, s.Name, what)
	return err
}

func (s stubSession) digest(what string) string {
	sum := sha256.Sum256([]byte(what + s.Name))
	return hex.EncodeToString(sum[:16])
}
