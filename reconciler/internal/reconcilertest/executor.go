package reconcilertest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"reconcile/reconciler"
	"reconcile/reconciler/preview"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// ProcessExecutor is an Executor that does what CodeBuild and ECS do with real processes
// of this machine: the test binary, in which Main does the work of one task. Its Dir
// stands for AWS. Every coordinator finds there what was started, and each key is
// started once.
type ProcessExecutor struct {
	env        Spec
	vars       map[string]string
	clockAhead time.Duration // of the real time
	Dir        string
	// Behaviors is by workspace, or for "plan"; with "" a worker does its work.
	Behaviors map[string]string
}

// Behaviors of a worker that does not do its work as it should.
const (
	WorkerDies        = "die"  // at once, without a result
	WorkerKillsItself = "kill" // itself, when the attempt is written and its lease held
	WorkerWaits       = "wait" // before it starts, until the pipe next to its lock was opened and closed
)

// workerSpec tells a worker what to do, as JSON in its environment.
type workerSpec struct {
	Env        Spec
	Vars       map[string]string
	ClockAhead time.Duration
	Command    []string
	Lock       string
	Behavior   string
}

const workerSpecVariable = "RECONCILE_TEST_WORKER"

// Start starts a worker, unless one was started for the key.
func (p ProcessExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	if err := os.MkdirAll(p.Dir, 0o700); err != nil {
		return "", err
	}
	lock := filepath.Join(p.Dir, key)
	if _, err := os.Stat(lock); err == nil {
		return lock, nil
	}
	place := p.env
	name := command[len(command)-2]
	place.Work = filepath.Join(place.Work, name) // a disk of its own
	text, err := json.Marshal(workerSpec{place, p.vars, p.clockAhead, command, lock, p.Behaviors[name]})
	if err != nil {
		return "", err
	}
	c := exec.Command(os.Args[0], "-test.run=^$") //nolint:gosec // the test binary itself; Main does the work before any test
	c.Env = append(os.Environ(), workerSpecVariable+"="+string(text))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { _ = c.Wait() }() // this closes what was read
	if err != nil || line != "started\n" {
		return "", fmt.Errorf("a worker printed %q: %w", line, err)
	}
	return lock, nil
}

// Status checks the lock that a worker holds while it lives.
func (p ProcessExecutor) Status(_ context.Context, id string) (run.TaskStatus, string, error) {
	lock := flock.New(id)
	free, err := lock.TryLock()
	if !free {
		return run.TaskRunning, "", err
	}
	return run.TaskEnded, "its process has ended", lock.Unlock()
}

// runWorker does the work of one task as its spec says, and returns the exit code.
func runWorker(spec string) int {
	os.Unsetenv(workerSpecVariable)
	var j workerSpec
	err := json.Unmarshal([]byte(spec), &j)
	if err == nil {
		err = j.runTask()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the worker:", err)
		return 1
	}
	return 0
}

func (s workerSpec) runTask() error {
	lock := flock.New(s.Lock)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return errors.Join(err, errors.New("the lock of this worker is taken"))
	}
	defer lock.Close() // also so that it is not collected, and with it the lock
	gate := s.Lock + ".go"
	if s.Behavior == WorkerWaits {
		if err := syscall.Mkfifo(gate, 0o600); err != nil {
			return err
		}
	}
	fmt.Println("started")
	switch s.Behavior {
	case WorkerDies:
		return errors.New("dying as requested")
	case WorkerWaits:
		if err := waitForPipe(gate); err != nil {
			return err
		}
	}
	store, err := s.Env.OpenStore()
	if err != nil {
		return err
	}
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	config, err := s.Env.NewConfig(ctx, store, log, state.Options{})
	if err != nil {
		return err
	}
	config.Repo = s.Env.Repo // the coordinator's environment knows its repository by this address
	config.Source = nil      // a worker has no access to Git
	config.LookupEnv = func(name string) (string, bool) { v, ok := s.Vars[name]; return v, ok }
	config.Now = func() time.Time { return time.Now().Add(s.ClockAhead) }
	if s.Behavior == WorkerKillsItself {
		config.Observe = func(e run.Event) {
			if e.Phase == run.PhaseApply {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
	}
	if s.Command[1] == "apply" {
		_, err = reconciler.New(config).RunTask(ctx, ctx, s.Command[2], s.Command[3])
	} else {
		_, err = preview.New(config).RunPlan(ctx, ctx, s.Command[2])
	}
	return errors.Join(err, store.Close())
}

// waitForPipe waits until another process has opened and closed a named pipe.
func waitForPipe(pipe string) error {
	f, err := os.Open(pipe)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// UseRemoteExecutor makes the environment's passes run their work in processes, in the
// tests of TestRemote.
func (e *Env) UseRemoteExecutor() {
	if !strings.HasPrefix(e.T.Name(), "TestRemote/") {
		return
	}
	e.Config.TaskPoll = 20 * time.Millisecond
	now := e.Config.Now
	clockAhead := time.Duration(0)
	if now != nil {
		clockAhead = time.Until(now())
	}
	e.Config.Executor = e.NewProcessExecutor(clockAhead)
}

// NewProcessExecutor returns an executor for the environment, whose workers have a disk of
// their own. Their clock is ahead of the real one.
func (e *Env) NewProcessExecutor(clockAhead time.Duration) ProcessExecutor {
	spec := e.Spec
	spec.Work = filepath.Join(spec.Home, "elsewhere")
	return ProcessExecutor{env: spec, vars: e.Vars, clockAhead: clockAhead, Dir: filepath.Join(spec.Home, "workers")}
}

// CountingExecutor counts what an executor starts.
type CountingExecutor struct {
	ProcessExecutor ProcessExecutor
	Started         *[][]string
}

// Start notes the command and starts it.
func (c CountingExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	*c.Started = append(*c.Started, command)
	return c.ProcessExecutor.Start(ctx, key, command)
}

// Status asks the executor.
func (c CountingExecutor) Status(ctx context.Context, id string) (run.TaskStatus, string, error) {
	return c.ProcessExecutor.Status(ctx, id)
}

// StoppingExecutor ends a pass when its work has been started.
type StoppingExecutor struct {
	Executor run.Executor
	Stop     context.CancelFunc
}

// Start starts a task and ends the pass.
func (s StoppingExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	defer s.Stop()
	return s.Executor.Start(ctx, key, command)
}

// Status asks the executor.
func (s StoppingExecutor) Status(ctx context.Context, id string) (run.TaskStatus, string, error) {
	return s.Executor.Status(ctx, id)
}

// ReleaseWorker opens and closes a worker's pipe.
func ReleaseWorker(t *testing.T, pipe string) {
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0)
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Error(err)
	}
}
