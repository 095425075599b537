// Package terraform runs Terraform, or OpenTofu, on one workspace at a time:
// init, plan, apply of the saved plan, outputs. It gives Terraform an
// environment of its own, keeps what it prints free of known secrets, and
// does not let go of a workspace before every process that it started there
// is gone.
//
// Commands are run here and not by a library: stopping needs each command's
// own result (see stop.go), and what a provisioner prints must not be kept in
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
	// Work is a directory of ours: providers, what init made, plans. What it
	// holds can be made again, but for errored/: states that Terraform could
	// not write.
	Work string
	// Env is the environment to choose from; nil means os.Environ. Only what
	// the allow-list names reaches Terraform.
	Env func() []string
	// Redact are secrets that must not be printed by Terraform.
	Redact []string
	// Grace is how long an interrupted Terraform may take before it is killed.
	Grace time.Duration
	// Log takes what people should know beside the workspace's own log.
	Log *slog.Logger
	// Assume returns the environment variables of short-lived credentials for
	// an AWS role. It is needed only where a job names roles.
	Assume Assume
	// AssumeBriefly is the same for jobs that are Untrusted.
	AssumeBriefly Assume
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
	run     string       // directory of this process, for plans
	alive   *flock.Flock // held while this process lives, so that others leave run alone

	mu    sync.Mutex
	known map[string]bool // sensitive values of outputs
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
	if err := refuseSettings(opts.Env()); err != nil {
		return nil, err
	}
	work, err := filepath.Abs(opts.Work)
	if err != nil {
		return nil, fmt.Errorf("work directory %s: %w", opts.Work, err)
	}
	opts.Work = work
	t := &Terraform{opts: opts}
	if err := t.makeRunDir(); err != nil {
		return nil, err
	}
	if err := t.find(ctx); err != nil {
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
	return errors.Join(os.RemoveAll(t.run), removeIfThere(t.alive.Path()), t.alive.Close())
}

// makeRunDir makes a directory for this process, and removes those of
// processes that are dead: they may hold plans, and plans hold secrets.
func (t *Terraform) makeRunDir() error {
	parent := filepath.Join(t.opts.Work, "run")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	// The lock keeps another process from sweeping ours away between its
	// making and its being locked.
	sweep := flock.New(filepath.Join(parent, "lock"))
	if err := sweep.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", sweep.Path(), err)
	}
	defer sweep.Close()
	sweepDead(parent)
	run, err := os.MkdirTemp(parent, "process-")
	if err != nil {
		return fmt.Errorf("work directory of terraform: %w", err)
	}
	t.run, t.alive = run, flock.New(run+".lock")
	if err := t.alive.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", t.alive.Path(), err)
	}
	return nil
}

func sweepDead(parent string) {
	runs, _ := filepath.Glob(filepath.Join(parent, "process-*.lock"))
	for _, path := range runs {
		lock := flock.New(path)
		if free, err := lock.TryLock(); err == nil && free {
			os.RemoveAll(path[:len(path)-len(".lock")])
			os.Remove(path)
		}
		lock.Close()
	}
}
