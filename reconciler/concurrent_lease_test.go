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

	"reconcile/internal/stateid"
	"reconcile/internal/waittest"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

func (f *fixture) testLeaseLoss(t *testing.T) {
	t.Run("interrupted at two thirds", func(t *testing.T) { f.testLoseLease(t, 41*time.Second) })
	t.Run("killed at five sixths", func(t *testing.T) { f.testLoseLease(t, 51*time.Second) })
	t.Run("late holder", f.testLateHolder)
}

// newLeaseConfig returns the configuration of a pass that applies one workspace at a time, on
// a clock of its own, and the store that can refuse to renew its leases.
func newLeaseConfig(t *testing.T, p reconcilertest.Spec, clock *manualClock) (run.Config, *noRenewStore) {
	t.Helper()
	store, err := p.OpenStore()
	if err != nil {
		t.Fatal(err)
	}
	renewals := &noRenewStore{Store: store}
	config, err := p.NewConfig(t.Context(), renewals, reconcilertest.NewLogger(t), clock.options())
	if err != nil {
		t.Fatal(err)
	}
	config.Parallelism = 1
	return config, renewals
}

// A pass that cannot renew its leases any more interrupts Terraform, kills it before the
// lease can expire, and records nothing of the result.
func (f *fixture) testLoseLease(t *testing.T, passes time.Duration) {
	t.Parallel()
	p := f.copy(t)
	held := holdApply(t, p, "kyoto")
	clock := &manualClock{}
	config, renewals := newLeaseConfig(t, p, clock)
	var err error
	pass := waittest.Go(func() (result *run.Result) {
		result, err = runPassWith(t, config)
		return result
	})
	waittest.Receive(t, held.started, pass)
	held.removeHook()
	renewals.refuseRenewals()
	clock.advance(passes)
	waitWithin(t, "Terraform ends", held.allExited)
	result := pass.Wait()
	if err != nil || result.Exit != run.ExitFailed {
		t.Errorf("the pass ends with %v: %+v", err, result)
	}
	kyoto, _, err := openRecord(t, p).Workspace(t.Context(), "kyoto")
	if err != nil {
		t.Fatal(err)
	}
	if kyoto.Attempt == nil || kyoto.Outcome != "" || kyoto.Trace != nil {
		t.Errorf("more than the attempt was recorded: %+v", kyoto)
	}
	checkReportedAgain(t, p, "kyoto")
	// A manual run does not wait for the backoff to end.
	if result, err = runPassIn(t, p, run.TriggerManual); err != nil || result.Exit != run.ExitOK {
		t.Errorf("the next pass ends with %v: %+v", err, result)
	}
	f.checkConverged(t, p)
}

// checkReportedAgain checks that a pass with nothing to do reports the workspace as
// failed.
func checkReportedAgain(t *testing.T, p reconcilertest.Spec, workspace string) {
	t.Helper()
	result, err := runPassIn(t, p, run.TriggerSchedule)
	if err != nil {
		t.Fatal(err)
	}
	reportsFailure := func(w run.WorkspaceResult) bool {
		return w.Name == workspace && w.Outcome == state.Failed && w.Error != ""
	}
	if result.Exit != run.ExitFailed || !slices.ContainsFunc(result.Workspaces, reportsFailure) {
		t.Errorf("result of a pass that may do nothing yet: %+v", result)
	}
}

// A holder that stood still while its lease expired was killed before another could take
// the lease. A result that it reports later is not recorded.
func (f *fixture) testLateHolder(t *testing.T) {
	t.Parallel()
	p := f.copy(t)
	clock := &manualClock{}
	config, renewals := newLeaseConfig(t, p, clock)
	frozen := &frozenApply{started: make(chan context.Context, 1), resume: make(chan struct{})}
	tf := config.Terraform
	config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		t, err := tf(ctx)
		return frozenTerraform{t, frozen}, err
	}
	resume := sync.OnceFunc(func() { close(frozen.resume) })
	defer resume()
	pass := waittest.Go(func() *run.Result {
		result, err := runPassWith(t, config)
		t.Logf("the late pass: %v", err)
		return result
	})
	killCtx := waittest.Receive(t, frozen.started, pass)
	renewals.refuseRenewals()

	// Another machine waits for the lease: only time can tell it that the holder is dead.
	looks := &watchedStore{Store: renewals.Store, readTwice: make(chan struct{})}
	options := clock.options()
	options.Process = state.Process{Host: "elsewhere"}
	other := state.New(looks, "test", options)
	var acquireErr error
	identity := frozen.identity(t, p)
	taken := waittest.Go(func() (lease *state.Lease) {
		lease, acquireErr = other.Acquire(t.Context(), state.LeaseRequest{Identity: identity, Workspace: "tokyo", Run: "other", MaxWait: time.Hour})
		return lease
	})
	waittest.Receive(t, looks.readTwice, taken)
	clock.advance(51 * time.Second)
	waittest.Receive(t, killCtx.Done(), pass)
	select {
	case <-taken.Ended():
		t.Error("the lease was taken before its time")
	default:
	}
	clock.advance(10 * time.Second)
	lease := taken.Wait()
	if acquireErr != nil {
		t.Fatal(acquireErr)
	}
	rec, _, err := other.Workspace(t.Context(), "tokyo")
	if err != nil {
		t.Fatal(err)
	}
	rec.Error = "written by the other"
	if err := lease.Write(t.Context(), rec); err != nil {
		t.Fatal(err)
	}

	resume()
	if result := pass.Wait(); result.Exit != run.ExitFailed {
		t.Errorf("result of the late pass: %+v", result)
	}
	if rec, _, err = other.Workspace(t.Context(), "tokyo"); err != nil || rec.Error != "written by the other" {
		t.Errorf("the late holder has written: %v %+v", err, rec)
	}
	if err := lease.Release(t.Context()); err != nil {
		t.Error(err)
	}
}

// manualClock stands still, except for advance, and for a step at each reading.
type manualClock struct {
	mu   sync.Mutex
	now  time.Duration
	step time.Duration
}

func (c *manualClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += d
}

func (c *manualClock) monotonicNow() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += c.step
	return c.now
}

func (c *manualClock) options() state.Options {
	start := time.Now()
	return state.Options{
		LeaseDuration: time.Minute, PollInterval: time.Millisecond, MonotonicNow: c.monotonicNow,
		Now: func() time.Time { return start.Add(c.monotonicNow()) },
	}
}

// noRenewStore is a store that can be made to refuse lease renewals.
type noRenewStore struct {
	state.Store
	mu         sync.Mutex
	isRefusing bool
}

func (s *noRenewStore) refuseRenewals() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isRefusing = true
}

func (s *noRenewStore) Write(ctx context.Context, ops ...state.Op) error {
	s.mu.Lock()
	refuses := s.isRefusing
	s.mu.Unlock()
	var lease state.LeaseItem
	if refuses && len(ops) == 1 && ops[0].Key.PK == state.LeasePartition &&
		json.Unmarshal(ops[0].Put, &lease) == nil && lease.Owner != "" && lease.Heartbeat > 0 {
		return errors.New("no answer")
	}
	return s.Store.Write(ctx, ops...)
}

// watchedStore is a store that signals when a lease was read for the second time. By then
// the first observation has been stored.
type watchedStore struct {
	state.Store
	mu         sync.Mutex
	leaseReads int
	readTwice  chan struct{}
}

func (s *watchedStore) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key.PK == state.LeasePartition {
		if s.leaseReads++; s.leaseReads == 2 {
			close(s.readTwice)
		}
	}
	return s.Store.Get(ctx, key)
}

// frozenApply is a first apply that ignores all signals until resume is called, and then
// reports success.
type frozenApply struct {
	started chan context.Context // receives the context that ends when the apply must be killed
	resume  chan struct{}
	once    sync.Once
}

func (f *frozenApply) identity(t *testing.T, p reconcilertest.Spec) stateid.ID {
	t.Helper()
	for identity, lease := range readLeases(t, p) {
		if lease.Owner != "" {
			return identity
		}
	}
	t.Fatal("no lease is held")
	return ""
}

type frozenTerraform struct {
	run.Terraform
	frozen *frozenApply
}

func (t frozenTerraform) Open(killCtx context.Context, spec terraform.Spec) run.Session {
	return frozenSession{t.Terraform.Open(killCtx, spec), t.frozen, killCtx}
}

type frozenSession struct {
	run.Session
	frozen  *frozenApply
	killCtx context.Context
}

func (s frozenSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	first := false
	s.frozen.once.Do(func() { first = true })
	if !first {
		return s.Session.Apply(ctx, plan)
	}
	s.frozen.started <- s.killCtx
	<-s.frozen.resume
	return nil
}

func (s frozenSession) Outputs(ctx context.Context, key []byte) (terraform.Outputs, error) {
	if s.killCtx.Err() != nil {
		return terraform.Outputs{Digest: strings.Repeat("0", 64)}, nil
	}
	return s.Session.Outputs(ctx, key)
}
