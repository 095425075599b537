// Package terraform runs Terraform, or OpenTofu, on one workspace at a time:
// init, plan, apply of the saved plan, outputs. It gives Terraform an
// environment of its own, keeps what it prints free of known secrets, and
// does not let go of a workspace before every process that it started there
// is gone.
//
// Commands are run here and not by a library: stopping needs each command's
// own result (see kill.go), and what a provisioner prints must not be kept in
// memory (see command.go).
package terraform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// DefaultGrace is how long an interrupted Terraform may take to end by itself
// where Options.Grace is zero. It fits, with time to record the result, into
// the 120 seconds that Fargate waits at most after SIGTERM.
const DefaultGrace = 75 * time.Second

// Options are what all sessions share.
type Options struct {
	// Binary is the program to run; empty: terraform, else tofu, from PATH,
	// else Terraform is installed once under Work.
	Binary string
	// WorkDir is a directory of ours: providers, what init made, plans. What it
	// holds can be made again, but for errored/: states that Terraform could
	// not write.
	WorkDir string
	// Env is the environment to choose from; nil means os.Environ. Only what
	// the allow-list names reaches Terraform.
	Env func() []string
	// Secrets are secrets that must not be printed by Terraform.
	Secrets []string
	// Grace is how long an interrupted Terraform may take before it is killed.
	Grace time.Duration
	// Log takes what people should know beside the workspace's own log.
	Log *slog.Logger
	// AssumeRole returns the environment variables of short-lived credentials for
	// an AWS role. It is needed only where a job names roles.
	AssumeRole RoleAssumer
	// AssumeRestrictedRole is the same for jobs that are Untrusted.
	AssumeRestrictedRole RoleAssumer
	// Sandbox confines jobs that are Untrusted; nil: nothing does.
	Sandbox *Sandbox
}

// Terraform is a found and checked program, ready to open sessions. It is
// safe for use by several goroutines.
type Terraform struct {
	opts    Options
	binary  string
	version string
	product string
	runDir  string       // directory of this process, for plans
	runLock *flock.Flock // held while this process lives, so that others leave run alone

	mu              sync.Mutex
	sensitiveValues map[string]bool // sensitive values of outputs
}

// New finds the program, checks its version, and makes ready the directories
// under opts.Work. Call Close when all sessions are closed.
func New(ctx context.Context, opts Options) (*Terraform, error) {
	if opts.Env == nil {
		opts.Env = os.Environ
	}
	if opts.Grace == 0 {
		opts.Grace = DefaultGrace
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
	return t, nil
}

// Version is the program's version, such as "1.11.4".
func (t *Terraform) Version() string { return t.version }

// Product is "terraform" or "tofu".
func (t *Terraform) Product() string { return t.product }

// Binary is the path of the program.
func (t *Terraform) Binary() string { return t.binary }

// Close removes this process's plans and other passing files.
func (t *Terraform) Close() error {
	return errors.Join(os.RemoveAll(t.runDir), removeIfExists(t.runLock.Path()), t.runLock.Close())
}

// makeRunDir makes a directory for this process, and removes those of
// processes that are dead: they may hold plans, and plans hold secrets.
func (t *Terraform) makeRunDir() error {
	parent := filepath.Join(t.opts.WorkDir, "run")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	// The lock keeps another process from sweeping ours away between its
	// making and its being locked.
	lock := flock.New(filepath.Join(parent, "lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	defer lock.Close()
	removeDeadRuns(parent)
	dir, err := os.MkdirTemp(parent, "process-")
	if err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	t.runDir, t.runLock = dir, flock.New(dir+".lock")
	if err := t.runLock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", t.runLock.Path(), err)
	}
	return nil
}

func removeDeadRuns(parent string) {
	runs, _ := filepath.Glob(filepath.Join(parent, "process-*.lock"))
	for _, path := range runs {
		lock := flock.New(path)
		if locked, err := lock.TryLock(); err == nil && locked {
			os.RemoveAll(path[:len(path)-len(".lock")])
			os.Remove(path)
		}
		lock.Close()
	}
}
