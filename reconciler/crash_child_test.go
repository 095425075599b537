package reconciler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reconcile/internal/waittest"
	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// childSpec tells a child process what to do, as JSON in its environment.
type childSpec struct {
	reconcilertest.Spec
	Parallelism int           // default 4
	Wait        time.Duration // default a minute
	// SignalAt is the crash point at which the child sends Signal to itself, by its
	// number or its name; 0 and "": never.
	SignalAt     int
	SignalAtName string
	Signal       syscall.Signal
	// ApplyLog is a file to which the child writes the start and the end of each apply;
	// "": none.
	ApplyLog string
	// WaitForStdin makes the child wait for the end of its stdin before it starts.
	WaitForStdin bool
	// Alarm is the state of every alarm; "": none can be read.
	Alarm run.AlarmState
}

// sameAlarms are alarms that all have one state.
type sameAlarms run.AlarmState

func (s sameAlarms) ReadAlarms(_ context.Context, _ string, arns []string) (all []run.AlarmReading) {
	for _, arn := range arns {
		all = append(all, run.AlarmReading{ARN: arn, State: run.AlarmState(s)})
	}
	return all
}

const childSpecVariable = "RECONCILE_TEST_CHILD"

// childReport is what a child reports at its end.
type childReport struct {
	Result *run.Result
	Error  string
}

// TestChild is no test: the test binary runs it in a process of its own, as the pass of
// another test.
func TestChild(*testing.T) {
	text, ok := os.LookupEnv(childSpecVariable)
	if !ok {
		return
	}
	os.Unsetenv(childSpecVariable)
	var o childSpec
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.runPass()
	}
	fmt.Fprintln(os.Stderr, "the child:", err)
	os.Exit(99)
}

// runPass runs the pass as `reconcile now` does, and ends the process.
func (s childSpec) runPass() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	b := &crashPoints{hitNumber: s.SignalAt, hitName: s.SignalAtName, log: os.Stdout, onHit: func() {
		if err := syscall.Kill(os.Getpid(), s.Signal); err != nil {
			panic(err)
		}
		<-ctx.Done() // never, after SIGKILL
	}}
	config, err := s.newCrashConfig(ctx, b)
	if err != nil {
		return err
	}
	if s.WaitForStdin {
		fmt.Println("ready")
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			return err
		}
	}
	var r childReport
	r.Result, err = reconciler.New(config).Pass(ctx, context.Background(), run.Options{Trigger: run.TriggerSchedule})
	if err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	os.Exit(r.Result.Exit)
	return nil
}

// newCrashConfig returns the configuration for the environment, with crash points.
func (s childSpec) newCrashConfig(ctx context.Context, b *crashPoints) (run.Config, error) {
	store, err := s.OpenStore()
	if err != nil {
		return run.Config{}, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	config, err := s.NewConfig(ctx, crashStore{store, b}, log, state.Options{})
	if err != nil {
		return config, err
	}
	if s.Parallelism > 0 {
		config.Parallelism = s.Parallelism
	}
	if s.Wait > 0 {
		config.Wait = s.Wait
	}
	if s.Alarm != "" {
		config.Alarms = sameAlarms(s.Alarm)
	}
	config.Snapshots = crashSnapshots{config.Snapshots, b}
	tf := config.Terraform
	config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		t, err := tf(ctx)
		return crashTerraform{t, b, s.ApplyLog}, err
	}
	config.Observe = func(e run.Event) {
		switch e.Phase {
		case run.PhaseWaiting:
			b.hitOnce("waiting") // before the checkout
		case run.PhaseLease:
			b.hit("lease " + e.Workspace)
		}
	}
	return config, nil
}

// child is a pass in a process of its own.
type child struct {
	*exec.Cmd
	t      *testing.T
	in     io.WriteCloser
	output outputBuffer
	end    *waittest.Task[error]
}

// childTimeout bounds the run time of a child that hangs.
const childTimeout = 10 * time.Minute

// startChild starts a child; wait waits for its end.
func (s childSpec) startChild(t *testing.T) *child {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), childTimeout)
	c := &child{t: t}
	c.output.changed = make(chan struct{})
	c.Cmd = exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$")
	c.Env = append(os.Environ(), childSpecVariable+"="+string(text))
	c.Stdout, c.Stderr = &c.output, childLogWriter{t}
	// Processes that the child started may outlive it and hold its stdout.
	c.WaitDelay = 10 * time.Second
	if c.in, err = c.StdinPipe(); err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	c.end = waittest.Go(func() error {
		defer cancel()
		return c.Wait()
	})
	t.Cleanup(func() {
		cancel()
		_ = c.end.Wait()
	})
	return c
}

// releaseStart starts the pass of a child that waits for stdin.
func (c *child) releaseStart() {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// waitForLine waits until the child has printed a line with this prefix.
func (c *child) waitForLine(prefix string) {
	c.t.Helper()
	for {
		line, more := c.output.findLine(prefix)
		if line != "" {
			return
		}
		select {
		case <-more:
		case <-c.end.Ended():
			if line, _ := c.output.findLine(prefix); line == "" {
				c.t.Fatalf("the child ended (%v) without saying %q", c.end.Wait(), prefix)
			}
		}
	}
}

// wait waits for the child's end and returns its report, or nil if it was killed.
func (c *child) wait() *childReport {
	c.t.Helper()
	ended := c.end.Wait()
	if c.wasKilled() {
		return nil
	}
	line, _ := c.output.findLine("{")
	var r childReport
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		c.t.Fatalf("a child ended (%v) without a report: %q", ended, line)
	}
	return &r
}

// wasKilled reports whether a child that has ended was killed.
func (c *child) wasKilled() bool {
	status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// outputBuffer is the output of a child.
type outputBuffer struct {
	mu      sync.Mutex
	text    strings.Builder
	changed chan struct{} // closed when there is more
}

func (b *outputBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.changed)
	b.changed = make(chan struct{})
	return b.text.Write(p)
}

// findLine returns the first whole line with this prefix. If there is none, it returns a
// channel that is closed when there is more output.
func (b *outputBuffer) findLine(prefix string) (string, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for line := range strings.Lines(b.text.String()) {
		if strings.HasPrefix(line, prefix) && strings.HasSuffix(line, "\n") {
			return line, nil
		}
	}
	return "", b.changed
}

// childLogWriter writes a child's log to the test's log.
type childLogWriter struct{ t *testing.T }

func (l childLogWriter) Write(p []byte) (int, error) {
	l.t.Log("child: " + string(bytes.TrimRight(p, "\n")))
	return len(p), nil
}
