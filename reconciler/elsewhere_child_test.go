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
	"reconcile/state"
)

// processes is an Executor that does what CodeBuild and ECS do with real
// processes of this machine: the test binary, in which TestWorker does the
// work of one task. Its dir stands for AWS: what was started there is found
// again by every coordinator, and started once a key.
type processes struct {
	place place
	vars  map[string]string
	ahead time.Duration // of the real time
	dir   string
	// Order of one worker, by workspace, or by "plan-parcel"; "" is to do its
	// work.
	order map[string]string
}

// Orders of a worker that does not do its work as it should.
const (
	orderDie  = "die"  // at once, without a word
	orderKill = "kill" // itself, when the attempt is written and its lease held
	orderWait = "wait" // before it begins, until the pipe beside its lock was opened and closed
)

// job is what a worker is told, as JSON in its environment.
type job struct {
	Place   place
	Vars    map[string]string
	Ahead   time.Duration
	Command []string
	Lock    string
	Order   string
}

const jobVariable = "RECONCILE_TEST_JOB"

func (p processes) Start(ctx context.Context, key string, command []string) (string, error) {
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return "", err
	}
	lock := filepath.Join(p.dir, key)
	if _, err := os.Stat(lock); err == nil {
		return lock, nil
	}
	place := p.place
	name := command[len(command)-2]
	place.Work = filepath.Join(place.Work, name) // a disk of its own
	text, err := json.Marshal(job{place, p.vars, p.ahead, command, lock, p.order[name]})
	if err != nil {
		return "", err
	}
	c := exec.Command(os.Args[0], "-test.run=^TestWorker$")
	c.Env = append(os.Environ(), jobVariable+"="+string(text))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := c.Start(); err != nil {
		return "", err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	go func() { _ = c.Wait() }() // which closes what was read
	if err != nil || line != "started\n" {
		return "", fmt.Errorf("a worker said %q: %w", line, err)
	}
	return lock, nil
}

// Status tells by the lock that a worker holds while it lives.
func (p processes) Status(_ context.Context, id string) (reconciler.TaskStatus, string, error) {
	lock := flock.New(id)
	free, err := lock.TryLock()
	if !free {
		return reconciler.TaskRunning, "", err
	}
	return reconciler.TaskEnded, "its process is gone", lock.Unlock()
}

// TestWorker is no test: it is a worker, run by the test binary.
func TestWorker(*testing.T) {
	text, ok := os.LookupEnv(jobVariable)
	if !ok {
		return
	}
	os.Unsetenv(jobVariable)
	var j job
	err := json.Unmarshal([]byte(text), &j)
	if err == nil {
		err = j.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the worker:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func (j job) run() error {
	lock := flock.New(j.Lock)
	if ok, err := lock.TryLock(); err != nil || !ok {
		return errors.Join(err, errors.New("the lock of this worker is taken"))
	}
	defer lock.Close() // also so that it is not collected, and with it the lock
	gate := j.Lock + ".go"
	if j.Order == orderWait {
		if err := syscall.Mkfifo(gate, 0o600); err != nil {
			return err
		}
	}
	fmt.Println("started")
	switch j.Order {
	case orderDie:
		return errors.New("told to die")
	case orderWait:
		if err := waitFor(gate); err != nil {
			return err
		}
	}
	store, err := j.Place.store()
	if err != nil {
		return err
	}
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	config, err := j.Place.config(ctx, store, log, state.Options{})
	if err != nil {
		return err
	}
	config.Repo = j.Place.Repo // the coordinator is a world, which knows its repository by this address
	config.Source = nil        // a worker has no access to Git
	config.Variable = func(name string) (string, bool) { v, ok := j.Vars[name]; return v, ok }
	config.Now = func() time.Time { return time.Now().Add(j.Ahead) }
	if j.Order == orderKill {
		config.Observe = func(e reconciler.Event) {
			if e.Phase == reconciler.PhaseApply {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			}
		}
	}
	r := reconciler.New(config)
	if j.Command[0] == "work" {
		_, err = r.DoTask(ctx, ctx, j.Command[1], j.Command[2])
	} else {
		_, err = r.DoPreview(ctx, ctx, j.Command[1])
	}
	return errors.Join(err, store.Close())
}

// waitFor waits until a named pipe is opened and closed by another process.
func waitFor(pipe string) error {
	f, err := os.Open(pipe)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, f)
	return errors.Join(err, f.Close())
}

// elsewhere has the world's passes give their work to processes, if it is of
// a test of TestElsewhere.
func (w *world) elsewhere() {
	if !strings.HasPrefix(w.t.Name(), "TestElsewhere/") {
		return
	}
	w.config.TaskPoll = 20 * time.Millisecond
	now := w.config.Now
	ahead := time.Duration(0)
	if now != nil {
		ahead = time.Until(now())
	}
	w.config.Executor = w.processes(ahead)
}

func (w *world) processes(ahead time.Duration) processes {
	return processes{
		place: place{Repo: w.Dir, Home: w.dir, Work: filepath.Join(w.dir, "elsewhere")},
		vars:  w.vars, ahead: ahead, dir: filepath.Join(w.dir, "workers"),
	}
}
