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

	"reconcile/reconciler"
	"reconcile/state"
)

// orders are what a child process is to do, as JSON in its environment.
type orders struct {
	place
	Parallelism int           // default 4
	Wait        time.Duration // default a minute
	// At is the boundary at which the child sends Signal to itself, by its
	// number or its name; 0 and "": never.
	At     int
	AtName string
	Signal syscall.Signal
	// Applies is a file to which the begin and the end of each apply is
	// written; "" for none.
	Applies string
	// Ready has the child wait for the end of its stdin before it starts.
	Ready bool
}

const ordersVariable = "RECONCILE_TEST_ORDERS"

// report is what a child says at its end.
type report struct {
	Result *reconciler.Result
	Error  string
}

// TestChild is no test: it is the pass that other tests run in a process of
// its own, by the test binary.
func TestChild(*testing.T) {
	text, ok := os.LookupEnv(ordersVariable)
	if !ok {
		return
	}
	os.Unsetenv(ordersVariable)
	var o orders
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.carryOut()
	}
	fmt.Fprintln(os.Stderr, "the child's orders:", err)
	os.Exit(99)
}

// carryOut runs the pass as `reconcile now` does, and ends the process.
func (o orders) carryOut() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	b := &boundaries{at: o.At, atName: o.AtName, tell: os.Stdout, act: func() {
		if err := syscall.Kill(os.Getpid(), o.Signal); err != nil {
			panic(err)
		}
		<-ctx.Done() // never, after SIGKILL
	}}
	config, err := o.disturbed(ctx, b)
	if err != nil {
		return err
	}
	if o.Ready {
		fmt.Println("ready")
		if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
			return err
		}
	}
	var r report
	r.Result, err = reconciler.New(config).Pass(ctx, context.Background(), reconciler.Options{Trigger: reconciler.Schedule})
	if err != nil {
		r.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		return err
	}
	os.Exit(r.Result.Exit)
	return nil
}

// disturbed is the place's configuration with boundaries in it.
func (o orders) disturbed(ctx context.Context, b *boundaries) (reconciler.Config, error) {
	store, err := o.store()
	if err != nil {
		return reconciler.Config{}, err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelInfo}))
	config, err := o.config(ctx, boundedStore{store, b}, log, state.Options{})
	if err != nil {
		return config, err
	}
	if o.Parallelism > 0 {
		config.Parallelism = o.Parallelism
	}
	if o.Wait > 0 {
		config.Wait = o.Wait
	}
	config.Snapshots = boundedSnapshots{config.Snapshots, b}
	engine := config.Terraform
	config.Terraform = func(ctx context.Context) (reconciler.Terraform, error) {
		t, err := engine(ctx)
		return boundedTerraform{t, b, o.Applies}, err
	}
	config.Observe = func(e reconciler.Event) {
		switch e.Phase {
		case reconciler.PhaseWaiting:
			b.once("waiting") // before the checkout
		case reconciler.PhaseLease:
			b.reach("lease " + e.Workspace)
		}
	}
	return config, nil
}

// child is a pass in a process of its own.
type child struct {
	*exec.Cmd
	t      *testing.T
	in     io.WriteCloser
	said   said
	waited error
	done   chan struct{} // closed when it has ended
}

// childLimit bounds what a child may take, for the case that it hangs.
const childLimit = 2 * time.Minute

// run starts a child; wait waits for its end.
func (o orders) run(t *testing.T) *child {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), childLimit)
	c := &child{t: t, done: make(chan struct{})}
	c.said.more = make(chan struct{})
	c.Cmd = exec.CommandContext(ctx, os.Args[0], "-test.run=^TestChild$")
	c.Env = append(os.Environ(), ordersVariable+"="+string(text))
	c.Stdout, c.Stderr = &c.said, logged{t}
	// What the child started may outlive it and hold its stdout.
	c.WaitDelay = 10 * time.Second
	if c.in, err = c.StdinPipe(); err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		c.waited = c.Cmd.Wait()
		close(c.done)
	}()
	t.Cleanup(func() {
		cancel()
		<-c.done
	})
	return c
}

// begin lets a child start that waits for it.
func (c *child) begin() {
	c.t.Helper()
	if err := c.in.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// says waits until the child has printed a line that begins so.
func (c *child) says(prefix string) {
	c.t.Helper()
	for {
		line, more := c.said.find(prefix)
		if line != "" {
			return
		}
		select {
		case <-more:
		case <-c.done:
			if line, _ := c.said.find(prefix); line == "" {
				c.t.Fatalf("the child ended (%v) without saying %q", c.waited, prefix)
			}
		}
	}
}

// wait waits for the child's end and returns its report; nil if it was killed.
func (c *child) wait() *report {
	c.t.Helper()
	<-c.done
	if c.killed() {
		return nil
	}
	line, _ := c.said.find("{")
	var r report
	if err := json.Unmarshal([]byte(line), &r); err != nil {
		c.t.Fatalf("a child ended (%v) without a report: %q", c.waited, line)
	}
	return &r
}

// killed tells whether the child that has ended was killed.
func (c *child) killed() bool {
	status, ok := c.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// said is what a child has printed.
type said struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{} // closed when there is more
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.more)
	s.more = make(chan struct{})
	return s.text.Write(p)
}

// find returns the first whole line that begins so, and what to wait for if
// there is none.
func (s *said) find(prefix string) (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(s.text.String()) {
		if strings.HasPrefix(line, prefix) && strings.HasSuffix(line, "\n") {
			return line, nil
		}
	}
	return "", s.more
}

// logged takes what a child logs.
type logged struct{ t *testing.T }

func (l logged) Write(p []byte) (int, error) {
	l.t.Log("child: " + string(bytes.TrimRight(p, "\n")))
	return len(p), nil
}
