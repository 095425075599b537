// Package terraform runs Terraform, or OpenTofu, on one workspace at a time: init,
// plan, apply of the saved plan, outputs. It gives Terraform a separate environment and
// redacts known secrets in its output. It releases a workspace only when every process
// that it started there has ended.
//
// Commands are run here and not by a library: stopping needs each command's own result
// (see kill.go), and a provisioner's output must not be collected in memory (see
// command.go).
package terraform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/roles"
	"reconcile/reconciler/terraform/sandbox"
)

// DefaultGrace is the time that an interrupted Terraform has to exit if Options.GracePeriod
// is zero. With the time to record the result, it fits into the 120 seconds that
// Fargate waits at most after SIGTERM.
const DefaultGrace = 75 * time.Second

// defaultVersionTimeout is the limit if Options.VersionTimeout is zero. A wrapper may download
// the program first.
const defaultVersionTimeout = 5 * time.Minute

// Options holds the settings that all sessions share.
type Options struct {
	// Binary is the program to run. If it is empty, terraform or else tofu from PATH is
	// used; if both are missing, Terraform is installed once in WorkDir.
	Binary string
	// WorkDir is a private directory for providers, init caches and plans. Everything
	// in it can be created again, except errored/: states that Terraform could not
	// write.
	WorkDir string
	// Env returns the environment to choose from; nil means os.Environ. Terraform
	// receives only the variables of the allow-list.
	Env func() []string
	// Secrets are values to redact in Terraform's output.
	Secrets []string
	// GracePeriod is how long an interrupted Terraform may take before it is killed.
	GracePeriod time.Duration
	// VersionTimeout is how long the program may take to report its version.
	VersionTimeout time.Duration
	// Log receives messages that do not belong in the workspace's own log.
	Log *slog.Logger
	// AssumeRole returns short-lived credentials of an AWS role. It is needed only if a
	// Spec names roles.
	AssumeRole roles.Assumer
	// AssumeRestrictedRole is the same for an Untrusted Spec.
	AssumeRestrictedRole roles.Assumer
	// Sandbox confines an Untrusted Spec; nil: no sandbox.
	Sandbox *sandbox.Sandbox
}

// Terraform is a program that was found and checked; it can open sessions. It is safe
// for concurrent use.
type Terraform struct {
	opts    Options
	binary  string
	version string
	product string
	runDir  string       // private directory of this process, for plans
	runLock *flock.Flock // held while this process lives, so that others do not remove runDir

	mu              sync.Mutex
	sensitiveValues map[string]bool // values of sensitive outputs
}

// New finds the program, checks its version, and creates the directories in
// opts.WorkDir. Call Close after all sessions are closed.
func New(ctx context.Context, opts Options) (*Terraform, error) {
	if opts.Env == nil {
		opts.Env = os.Environ
	}
	if opts.GracePeriod == 0 {
		opts.GracePeriod = DefaultGrace
	}
	if opts.VersionTimeout == 0 {
		opts.VersionTimeout = defaultVersionTimeout
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if err := checkEnvironment(opts.Env()); err != nil {
		return nil, err
	}
	workDir, err := filepath.Abs(opts.WorkDir)
	if err != nil {
		return nil, fmt.Errorf("work directory %s: %w", opts.WorkDir, err)
	}
	opts.WorkDir = workDir
	t := &Terraform{opts: opts}
	if err := t.makeRunDir(); err != nil {
		return nil, err
	}
	if err := t.findProgram(ctx); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	for _, pair := range opts.Env() {
		if name, path, _ := strings.Cut(pair, "="); name == envCLIConfig && isMissing(path) {
			opts.Log.Warn(envCLIConfig+" names a file that does not exist; it is not used", "file", path)
		}
	}
	return t, nil
}

// Version returns the program's version, such as "1.11.4".
func (t *Terraform) Version() string { return t.version }

// Product returns "terraform" or "tofu".
func (t *Terraform) Product() string { return t.product }

// Binary returns the path of the program.
func (t *Terraform) Binary() string { return t.binary }

// Close removes this process's plans and other temporary files.
func (t *Terraform) Close() error {
	return errors.Join(os.RemoveAll(t.runDir), files.RemoveIfExists(t.runLock.Path()), t.runLock.Close())
}

// makeRunDir creates a directory for this process and removes those of dead processes:
// they may hold plans, and plans contain secrets.
func (t *Terraform) makeRunDir() error {
	parent := filepath.Join(t.opts.WorkDir, "run")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	// The lock keeps another process from removing this directory before its own lock
	// is taken.
	lock := files.NewLock(filepath.Join(parent, "lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	removeDeadRuns(parent)
	dir, err := os.MkdirTemp(parent, "process-")
	if err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	t.runDir, t.runLock = dir, files.NewLock(dir+".lock")
	if err := t.runLock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", t.runLock.Path(), err)
	}
	return nil
}

func removeDeadRuns(parent string) {
	runs, _ := filepath.Glob(filepath.Join(parent, "process-*.lock"))
	for _, path := range runs {
		lock := files.NewLock(path)
		if locked, err := lock.TryLock(); err == nil && locked {
			os.RemoveAll(path[:len(path)-len(".lock")])
			os.Remove(path)
		}
		lock.Close()
	}
}
