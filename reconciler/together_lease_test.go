package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

func (tpl *template) lease(t *testing.T) {
	t.Run("interrupted at two thirds", func(t *testing.T) { tpl.loseLease(t, 41*time.Second) })
	t.Run("killed at five sixths", func(t *testing.T) { tpl.loseLease(t, 51*time.Second) })
	t.Run("late holder", tpl.lateHolder)
}

// A pass whose leases cannot be renewed any more interrupts Terraform, kills
// it before the lease could end, and records nothing of what came of it.
func (tpl *template) loseLease(t *testing.T, passes time.Duration) {
	t.Parallel()
	p := tpl.copy(t)
	held := p.holdApply(t, "kyoto")
	clock := &handClock{}
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	renewals := &unrenewed{Store: store}
	config, err := p.config(t.Context(), renewals, testLogger(t), clock.options())
	if err != nil {
		t.Fatal(err)
	}
	config.Parallelism = 1
	var result *reconciler.Result
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result, err = passOf(t, config)
	}()
	within(t, "the apply of kyoto begins", held.entered)
	held.forget()
	renewals.fail()
	clock.advance(passes)
	within(t, "Terraform ends", held.gone)
	within(t, "the pass ends", ended)
	if err != nil || result.Exit != reconciler.ExitFailed {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	kyoto, _, err := p.record(t).Workspace(t.Context(), "kyoto")
	if err != nil {
		t.Fatal(err)
	}
	if kyoto.Attempt == nil || kyoto.Outcome != "" || kyoto.Trace != nil {
		t.Errorf("more than the attempt was recorded: %+v", kyoto)
	}
	checkToldAgain(t, p, "kyoto")
	// A person does not wait for the backoff to end.
	if result, err = p.pass(t, reconciler.Manual); err != nil || result.Exit != reconciler.ExitOK {
		t.Errorf("the next pass ends with %v: %+v", err, result)
	}
	tpl.check(t, p)
}

// checkToldAgain checks that a pass with nothing to do says of a workspace
// that it has failed.
func checkToldAgain(t *testing.T, p place, workspace string) {
	t.Helper()
	result, err := p.pass(t, reconciler.Schedule)
	if err != nil {
		t.Fatal(err)
	}
	told := func(w reconciler.WorkspaceResult) bool {
		return w.Name == workspace && w.Outcome == state.Failed && w.Error != ""
	}
	if result.Exit != reconciler.ExitFailed || !slices.ContainsFunc(result.Workspaces, told) {
		t.Errorf("a pass that may do nothing yet says %+v", result)
	}
}

// A holder that stood still while its lease ran out was killed before another
// could take it, and what it says when it comes back is not recorded.
func (tpl *template) lateHolder(t *testing.T) {
	t.Parallel()
	p := tpl.copy(t)
	clock := &handClock{}
	store, err := p.store()
	if err != nil {
		t.Fatal(err)
	}
	renewals := &unrenewed{Store: store}
	config, err := p.config(t.Context(), renewals, testLogger(t), clock.options())
	if err != nil {
		t.Fatal(err)
	}
	config.Parallelism = 1
	frozen := &frozen{begun: make(chan context.Context, 1), thaw: make(chan struct{})}
	engine := config.Terraform
	config.Terraform = func(ctx context.Context) (reconciler.Terraform, error) {
		t, err := engine(ctx)
		return frozenTerraform{t, frozen}, err
	}
	var result *reconciler.Result
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result, err = passOf(t, config)
	}()
	var hard context.Context
	select {
	case hard = <-frozen.begun:
	case <-ended:
		t.Fatalf("the pass ended before its first apply: %v", err)
	}
	renewals.fail()

	// Another machine waits for the lease: it can know nothing but time.
	looks := &looking{Store: store, looked: make(chan struct{})}
	options := clock.options()
	options.Self = state.Process{Host: "elsewhere"}
	other := state.New(looks, "test", options)
	taken := make(chan *state.Lease)
	go func() {
		lease, err := other.Acquire(t.Context(), state.Claim{
			Identity: frozen.identity(t, p), Workspace: "tokyo", Run: "other", Wait: time.Hour,
		})
		if err != nil {
			t.Error(err)
		}
		taken <- lease
	}()
	within(t, "the other looks at the lease", looks.looked)
	clock.advance(51 * time.Second)
	within(t, "the late holder is told to kill its work", hard.Done())
	select {
	case <-taken:
		t.Error("the lease was taken before its time")
	default:
	}
	clock.advance(10 * time.Second)
	lease := <-taken
	rec, _, err := other.Workspace(t.Context(), "tokyo")
	if err != nil {
		t.Fatal(err)
	}
	rec.Error = "written by the other"
	if err := lease.Write(t.Context(), rec); err != nil {
		t.Fatal(err)
	}

	close(frozen.thaw)
	within(t, "the pass ends", ended)
	if result.Exit != reconciler.ExitFailed {
		t.Errorf("the late pass says %+v", result)
	}
	if rec, _, err = other.Workspace(t.Context(), "tokyo"); err != nil || rec.Error != "written by the other" {
		t.Errorf("the late holder has written: %v %+v", err, rec)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// handClock stands still but for advance, and for a step at each look.
type handClock struct {
	mu   sync.Mutex
	now  time.Duration
	step time.Duration
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

func (c *handClock) mono() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += c.step
	return c.now
}

func (c *handClock) options() state.Options {
	start := time.Now()
	return state.Options{
		Lease: time.Minute, Poll: time.Millisecond, Mono: c.mono,
		Now: func() time.Time { return start.Add(c.mono()) },
	}
}

// unrenewed is a store that, once told, refuses to renew leases.
type unrenewed struct {
	state.Store
	mu      sync.Mutex
	refuses bool
}

func (f *unrenewed) fail() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuses = true
}

func (f *unrenewed) Write(ctx context.Context, ops ...state.Op) error {
	f.mu.Lock()
	refuses := f.refuses
	f.mu.Unlock()
	var lease state.LeaseItem
	if refuses && len(ops) == 1 && ops[0].Key.PK == state.LeasePartition &&
		json.Unmarshal(ops[0].Put, &lease) == nil && lease.Owner != "" && lease.Beat > 0 {
		return errors.New("no answer")
	}
	return f.Store.Write(ctx, ops...)
}

// looking is a store that tells when a lease was looked at for the second
// time: what was first seen is then noted.
type looking struct {
	state.Store
	mu     sync.Mutex
	looks  int
	looked chan struct{}
}

func (l *looking) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if key.PK == state.LeasePartition {
		if l.looks++; l.looks == 2 {
			close(l.looked)
		}
	}
	return l.Store.Get(ctx, key)
}

// frozen is a first apply that heeds nobody until it is thawed, and then says
// that all is well.
type frozen struct {
	begun chan context.Context // is sent the context that ends when it must be killed
	thaw  chan struct{}
	once  sync.Once
}

func (f *frozen) identity(t *testing.T, p place) string {
	t.Helper()
	for identity, lease := range p.leases(t) {
		if lease.Owner != "" {
			return identity
		}
	}
	t.Fatal("no lease is held")
	return ""
}

type frozenTerraform struct {
	reconciler.Terraform
	frozen *frozen
}

func (t frozenTerraform) Open(hard context.Context, job terraform.Job) reconciler.Session {
	return frozenSession{t.Terraform.Open(hard, job), t.frozen, hard}
}

type frozenSession struct {
	reconciler.Session
	frozen *frozen
	hard   context.Context
}

func (s frozenSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	first := false
	s.frozen.once.Do(func() { first = true })
	if !first {
		return s.Session.Apply(ctx, plan)
	}
	s.frozen.begun <- s.hard
	<-s.frozen.thaw
	return nil
}

func (s frozenSession) Outputs(ctx context.Context, key []byte) (terraform.Outputs, error) {
	if s.hard.Err() != nil {
		return terraform.Outputs{Digest: strings.Repeat("0", 64)}, nil
	}
	return s.Session.Outputs(ctx, key)
}
