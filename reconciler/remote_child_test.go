package reconciler_test

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

// processExecutor is an Executor that does what CodeBuild and ECS do with real processes
// of this machine: the test binary, in which TestWorker does the work of one task. Its
// dir stands for AWS. Every coordinator finds there what was started, and each key is
// started once.
type processExecutor struct {
	env        envSpec
	vars       map[string]string
	clockAhead time.Duration // of the real time
	dir        string
	// behaviors is by workspace, or for "plan"; with "" a worker does its work.
	behaviors map[string]string
}

// Behaviors of a worker that does not do its work as it should.
const (
	workerDies        = "die"  // at once, without a result
	workerKillsItself = "kill" // itself, when the attempt is written and its lease held
	workerWaits       = "wait" // before it starts, until the pipe next to its lock was opened and closed
)

// workerSpec tells a worker what to do, as JSON in its environment.
type workerSpec struct {
	Env        envSpec
	Vars       map[string]string
	ClockAhead time.Duration
	Command    []string
	Lock       string
	Behavior   string
}

const workerSpecVariable = "RECONCILE_TEST_WORKER"

func (p processExecutor) Start(ctx context.Context, key string, command []string) (string, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return "", err
	}
	lock := filepath.Join(p.dir, key)
	if _, err := os.Stat(lock); err == nil {
		return lock, nil
	}
	place := p.env
	name := command[len(command)-2]
	place.Work = filepath.Join(place.Work, name) // a disk of its own
	text, err := json.Marshal(workerSpec{place, p.vars, p.clockAhead, command, lock, p.behaviors[name]})
	if err != nil {
		return "", err
	}
	c := exec.Command(os.Args[0], "-test.run=^TestWorker$")
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
func (p processExecutor) Status(_ context.Context, id string) (run.TaskStatus, string, error) {
	lock := flock.New(id)
	free, err := lock.TryLock()
	if !free {
		return run.TaskRunning, "", err
	}
	return run.TaskEnded, "its process has ended", lock.Unlock()
}

// TestWorker is no test: it is a worker, run by the test binary.
func TestWorker(*testing.T) {
	text, ok := os.LookupEnv(workerSpecVariable)
	if !ok {
		return
	}
	os.Unsetenv(workerSpecVariable)
	var j workerSpec
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		err = j.runTask()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (j workerSpec) runTask() error {
	lock := flock.New(j.Lock)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return errors.Join(err, errors.New("the lock of this worker is taken"))
	}
	defer lock.Close() // also so that it is not collected, and with it the lock
	gate := j.Lock + ".go"
	if j.Behavior == workerWaits {
		if err := syscall.Mkfifo(gate, 0o600); err != nil {
			return err
		}
	}
	fmt.Println("started")
	switch j.Behavior {
	case workerDies:
		return errors.New("dying as requested")
	case workerWaits:
		if err := waitForPipe(gate); err != nil {
			return err
		}
	}
	store, err := j.Env.openStore()
	if err != nil {
		return err
	}
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	config, err := j.Env.newConfig(ctx, store, log, state.Options{})
	if err != nil {
		return err
	}
	config.Repo = j.Env.Repo // the coordinator's environment knows its repository by this address
	config.Source = nil      // a worker has no access to Git
	config.LookupEnv = func(name string) (string, bool) { v, ok := j.Vars[name]; return v, ok }
	config.Now = func() time.Time { return time.Now().Add(j.ClockAhead) }
	if j.Behavior == workerKillsItself {
		config.Observe = func(e run.Event) {
			if e.Phase == run.PhaseApply {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
	}
	if j.Command[1] == "apply" {
		_, err = reconciler.New(config).RunTask(ctx, ctx, j.Command[2], j.Command[3])
	} else {
		_, err = preview.New(config).RunPlan(ctx, ctx, j.Command[2])
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

// useRemoteExecutor makes the environment's passes run their work in processes, in the
// tests of TestRemote.
func (w *testEnv) useRemoteExecutor() {
	if !strings.HasPrefix(w.t.Name(), "TestRemote/") {
		return
	}
	w.config.TaskPoll = 20 * time.Millisecond
	now := w.config.Now
	clockAhead := time.Duration(0)
	if now != nil {
		clockAhead = time.Until(now())
	}
	w.config.Executor = w.newProcessExecutor(clockAhead)
}

func (w *testEnv) newProcessExecutor(clockAhead time.Duration) processExecutor {
	return processExecutor{
		env:  envSpec{Repo: w.Dir, Home: w.dir, Work: filepath.Join(w.dir, "elsewhere")},
		vars: w.vars, clockAhead: clockAhead, dir: filepath.Join(w.dir, "workers"),
	}
}
