package reconciler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"time"

	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// visit is the work of one pass on one workspace, from its lease to its
// record.
type visit struct {
	*site
	it      *item
	log     *slog.Logger
	lease   *state.Lease
	record  state.Workspace // as read under the lease
	noted   upstreams       // as they were before the plan
	trace   state.Trace     // what the plan is made from
	before  *state.Attempt  // that was in the record before ours
	keyID   string          // of the digest key, once it was read
	key     []byte
	session Session
	begun   time.Time          // when a Terraform that locks the state was started; zero: none can hold its lock
	output  *terraform.Excerpt // what it printed, redacted
	result  WorkspaceResult
	fault   *FaultError
	lingers bool // processes of it may still run
	freed   bool // the lease was given back with the record
}

// maxLog is how much of what Terraform prints is kept of one workspace.
const maxLog = 4 << 20

// visit works on a stale workspace. Overrun: the tip has moved under it, and
// nothing was done.
func (s *site) visit(ctx, hard context.Context, it *item) (v *visit, overrun bool) {
	v = &visit{site: s, it: it, log: s.log.With("workspace", it.Name), output: terraform.NewExcerpt(maxLog)}
	v.result.Name = it.Name
	started := s.Now()
	err := v.guarded(ctx, hard)
	v.result.DurationMS = s.Now().Sub(started).Milliseconds()
	errors.As(err, &v.fault)
	v.keepLog(ctx)

	if errors.Is(err, state.ErrMoved) {
		return v, true
	}
	if err != nil {
		v.result.Outcome, v.result.Error = madeOf(err), err.Error()
	}
	return v, false
}

// guarded turns a panic into an error, so that a fault of ours in one
// workspace leaves the others and the record in order.
func (v *visit) guarded(ctx, hard context.Context) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &FaultError{Value: r, Stack: debug.Stack()}
		}
	}()
	return v.all(ctx, hard)
}

// all is the whole of it, in its order.
func (v *visit) all(ctx, hard context.Context) (err error) {
	ws := v.work.load(v.it)
	var root string
	if ws.Err == nil {
		if root, err = v.checkout(ctx); err != nil {
			return err
		}
	}
	if err := v.acquire(ctx); err != nil {
		return err
	}
	defer v.release(ctx)
	// A lost lease stops the work as a signal does: interrupted first, and
	// killed before the lease could end.
	ctx = v.lease.Context()
	hard, stop := either(hard, v.lease.Hard())
	defer stop()

	if stale, err := v.decide(ctx); err != nil || !stale {
		return err
	}
	if ws.Err != nil {
		return v.failed(ctx, ws.Err)
	}
	if err := v.hasRoom(); err != nil {
		return v.failed(ctx, err)
	}
	engine, err := v.engine(ctx)
	if err != nil {
		return v.failed(ctx, err)
	}
	if err := v.notOlder(engine); err != nil {
		return v.failed(ctx, err)
	}
	job, err := v.job(ctx, root, v.it)
	if err != nil {
		return v.failed(ctx, err)
	}
	job.Log, job.Dead = v.output, runsOf(v.lease.Dead())
	if job.Sensitive, err = v.hidden(ctx, v.noted); err != nil {
		return v.failed(ctx, err)
	}
	v.session = engine.Open(hard, job)
	defer func() { err = errors.Join(err, v.closeSession()) }()

	plan, err := v.exactPlan(ctx, root)
	if err != nil {
		return v.failed(ctx, err)
	}
	v.result.Changes, v.result.Digest = state.Changes(plan.Changes), plan.Digest
	v.result.Warnings = append(v.result.Warnings, plan.Warnings...)
	v.phase(PhaseGate)
	if !v.options.Adopt {
		if err := v.theirState(v.it, v.record, plan); err != nil {
			return v.failed(ctx, err)
		}
	}
	if plan.Empty {
		return v.succeeded(ctx, engine, plan, state.NoChanges)
	}
	if err := v.mayApply(plan); err != nil {
		return v.failed(ctx, err)
	}
	if err := v.prepare(ctx); err != nil {
		return v.failed(ctx, err)
	}
	if err := v.begin(ctx, plan); err != nil {
		return v.unbegun(ctx, err)
	}
	v.phase(PhaseApply)
	v.begun = v.Now()
	err = v.session.Apply(ctx, plan)
	if unlock := (*terraform.UnlockError)(nil); errors.As(err, &unlock) {
		v.noteLock(err) // so that the next run knows whose lock it finds
		v.result.Warnings = append(v.result.Warnings, "applied, and then: "+err.Error())
		err = nil
	}
	if errors.Is(err, terraform.ErrPlanChanged) {
		return v.unbegun(ctx, err)
	}
	if err != nil {
		return v.failed(ctx, err)
	}
	v.begun = time.Time{}
	if err := v.exactlyApplied(ctx, root); err != nil {
		return v.failed(ctx, err)
	}
	return v.succeeded(ctx, engine, plan, state.Applied)
}

func (v *visit) acquire(ctx context.Context) (err error) {
	v.phase(PhaseLease)
	v.lease, err = v.waitForLease(ctx, state.Claim{
		Identity:   v.leased(v.it.Name, v.work.identity(v.it)),
		Workspace:  v.it.Name,
		Run:        v.options.Run,
		Generation: v.work.head.Generation,
	})
	if err != nil {
		return fmt.Errorf("lease of %s: %w", v.it.Name, err)
	}
	return nil
}

// waitForLease waits for a lease that another run holds, but not again once
// this pass has done so in vain: it would be as often as there are workspaces.
func (p *pass) waitForLease(ctx context.Context, claim state.Claim) (*state.Lease, error) {
	claim.Wait = p.Wait
	if p.waitedInVain.Load() {
		claim.Wait = 0
	}
	lease, err := p.Record.Acquire(ctx, claim)
	var busy *state.BusyError
	if errors.As(err, &busy) {
		p.waitedInVain.Store(true)
	}
	return lease, err
}

// closeSession ends what Terraform left; a second call does nothing.
func (v *visit) closeSession() error {
	if v.session == nil {
		return nil
	}
	err := v.session.Close()
	v.session, v.lingers = nil, err != nil
	return err
}

// release gives the lease back, unless a process of this workspace may still
// run: then the lease has to run out.
func (v *visit) release(ctx context.Context) {
	switch {
	case v.freed:
		return
	case v.lingers:
		v.log.Error("processes of this workspace could not be stopped; its lease is left to run out")
		v.lease.Abandon()
		return
	}
	ctx, cancel := ownDeadline(ctx)
	defer cancel()
	if err := insist(ctx, func() error { return v.lease.Release(ctx) }); err != nil {
		v.log.Warn("the lease could not be released and will run out", "error", err)
	}
}

// decide reads the record again, now that nobody else may write it, and tells
// whether the workspace is still stale. It notes the upstreams as they are
// before the plan reads their states.
func (v *visit) decide(ctx context.Context) (stale bool, err error) {
	if v.record, _, err = v.Record.Workspace(ctx, v.it.Name); err != nil {
		return false, fmt.Errorf("read the record of %s: %w", v.it.Name, err)
	}
	if v.noted, err = v.readUpstreams(ctx, v.it.Name); err != nil {
		return false, err
	}
	digests := v.noted.digests()
	v.trace = v.work.trace(v.it, digests)
	v.result.Stale = v.work.ownReasons(v.it, v.record)
	if v.record.Trace != nil {
		v.result.Stale = append(v.result.Stale, v.work.upstreamReasons(v.it.Name, v.record.Trace, digests)...)
	}
	if v.options.Replan && len(v.result.Stale) == 0 {
		v.result.Stale = []string{"--replan"}
	}
	if len(v.result.Stale) == 0 {
		v.result.Outcome = state.Unchanged
		return false, nil
	}
	if v.triedMeanwhile() {
		v.result.Outcome, v.result.Error = v.record.Outcome, v.record.Error
		v.result.Changes, v.result.Risk, v.result.Digest = v.record.Changes, v.record.Risk, v.record.Digest
		return false, nil
	}
	v.result.Warnings = append(v.result.Warnings, v.work.load(v.it).Warnings...)
	if a := v.record.Attempt; a != nil {
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
			"the apply that run %s began at %s did not end well: resources that it created and could not write to Terraform's state are not known to anyone; look for them",
			a.Run, a.StartedAt.UTC().Format("2006-01-02 15:04:05Z")))
	}
	return true, nil
}

// triedMeanwhile tells whether another run has tried these very inputs since
// this pass read the record, in vain: to try them at once again would be to do
// the same thing twice.
func (v *visit) triedMeanwhile() bool {
	o, rec := v.options, v.record
	return !o.Replan && !o.Adopt && rec.Rev != v.it.record.Rev && rec.Waiting != nil &&
		(rec.Outcome == state.Failed || rec.Outcome == state.Blocked) && maps.Equal(rec.Waiting, waiting(v.it, v.trace))
}

// plan initialises and plans, and frees a lock of Terraform's that a dead run
// of ours left behind.
func (v *visit) plan(ctx context.Context) (*terraform.Plan, error) {
	v.phase(PhaseInit)
	if err := v.session.Init(ctx); err != nil {
		return nil, err
	}
	v.keepLockFile(ctx)
	v.phase(PhasePlan)
	v.begun = v.Now()
	plan, err := v.session.Plan(ctx)
	var locked *terraform.LockedError
	if errors.As(err, &locked) {
		if err := v.free(ctx, locked); err != nil {
			return nil, err
		}
		v.begun = v.Now()
		plan, err = v.session.Plan(ctx)
	}
	if err == nil {
		v.lease.Clear() // Terraform had its lock: nobody has left one
		v.begun = time.Time{}
	}
	return plan, err
}

// hasRoom refuses a workspace whose inputs the record could not take once they
// are applied.
func (v *visit) hasRoom() error {
	applied := v.record
	applied.Name, applied.Trace = v.it.Name, v.trace
	if err := v.lease.Fits(applied); err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// prepare gets all that an apply and its record will need: what is missing is to
// be known while nothing has begun.
func (v *visit) prepare(ctx context.Context) error {
	err := v.readKey(ctx)
	if err == nil {
		err = v.session.PrepareApply(ctx)
	}
	if err != nil {
		return fmt.Errorf("nothing was applied: %w", err)
	}
	return nil
}

// readKey reads the digest key, once.
func (v *visit) readKey(ctx context.Context) (err error) {
	if v.key != nil {
		return nil
	}
	if v.keyID, v.key, err = v.DigestKey(ctx); err != nil {
		return fmt.Errorf("digest key: %w", err)
	}
	return nil
}

// begin writes the attempt, if the tip is still ours to apply.
func (v *visit) begin(ctx context.Context, plan *terraform.Plan) error {
	v.before = v.record.Attempt
	v.record.Attempt = &state.Attempt{
		Commit: v.work.commit.ID, Run: v.options.Run, PlanDigest: plan.Digest,
		Process: v.Record.Self(), StartedAt: v.Now(), Former: v.formerStates(),
		State: (*state.TerraformState)(&plan.State),
	}
	v.record.Waiting = nil // what waited is begun
	v.describe()
	brief, cancel := context.WithTimeout(ctx, recordWithin)
	defer cancel()
	if err := insist(brief, func() error { return v.lease.Begin(brief, v.record) }); err != nil {
		return fmt.Errorf("write the attempt on %s (nothing was applied): %w", v.it.Name, err)
	}
	return nil
}

// unbegun records that an apply was not begun after all. Whether its attempt was
// written may be open: one that stayed would be taken for an interrupted apply.
func (v *visit) unbegun(ctx context.Context, err error) error {
	if errors.Is(err, state.ErrMoved) || errors.Is(err, state.ErrLeaseLost) {
		return err
	}
	v.record.Attempt = v.before
	return v.failed(ctx, err)
}

// keepLog stores what Terraform printed with the run's history.
func (v *visit) keepLog(ctx context.Context) {
	if v.output.Len() == 0 {
		return
	}
	ctx, cancel := ownDeadline(ctx)
	defer cancel()
	if err := v.Snapshots.PutLog(ctx, v.options.Run, v.it.Name, bytes.NewReader(v.output.Bytes())); err != nil {
		v.log.Warn("the log of this workspace could not be kept", "error", err)
	}
}

// keepLockFile stores the dependency lock file that init made, where none is
// committed: without it nobody could tell which providers were used.
func (v *visit) keepLockFile(ctx context.Context) {
	made := v.session.MadeLockFile()
	if len(made) == 0 {
		return
	}
	if _, err := v.Snapshots.PutFile(ctx, v.options.Run, v.it.Name, ".terraform.lock.hcl", bytes.NewReader(made)); err != nil {
		v.log.Warn("the lock file that init made could not be kept", "error", err)
	}
}

func (v *visit) phase(phase Phase) {
	v.log.Debug("phase", "phase", phase)
	v.observe(Event{Workspace: v.it.Name, Phase: phase})
}

// either returns a context that ends with the first of two, with its cause.
func either(a, b context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(a)
	stop := context.AfterFunc(b, func() { cancel(context.Cause(b)) })
	return ctx, func() { stop(); cancel(nil) }
}
