package reconciler

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/remote"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/internal/schedule"
	"reconcile/reconciler/internal/worker"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// applyStale applies the stale workspaces, several at once, until each has a result, the tip
// has moved, or ctx has ended, and nothing runs. Meanwhile it polls the tip if another pass can
// take it, and checks rollouts. The error means that Terraform cannot be run.
func (p *pass) applyStale(ctx, killCtx context.Context, workspaces *inventory.Inventory) (moved bool, err error) {
	options := p.run.Options
	options.Replan = options.Replan && !p.isTeardownRound
	s := scheduleStale(workspaces, options)
	p.reportUnchanged(ctx, workspaces, s)
	for _, name := range slices.Sorted(maps.Keys(workspaces.Entries)) { // a rollout is watched, whatever its upstreams do
		if workspaces.Entries[name].Record.Rollout != nil {
			s.Release(name)
		}
	}
	announceWaiting(p.run, workspaces, s)
	dir := checkout.New(p.run, workspaces)
	defer dir.Close()
	a := &applyRound{pass: p, inventory: workspaces, schedule: s, local: worker.New(p.run, workspaces, dir), starts: make(chan *inventory.Entry), ends: make(chan worker.Completion), running: map[string]bool{}}
	defer close(a.starts)
	var polls <-chan time.Time
	if p.run.Options.HandOver {
		ticker := time.NewTicker(p.config.TipPoll)
		defer ticker.Stop()
		polls = ticker.C
	}
	rolloutTicks := time.NewTicker(rollout.CheckInterval)
	defer rolloutTicks.Stop()
	for {
		a.startReady(ctx, killCtx)
		if len(a.running) == 0 {
			return a.tipMoved, a.noTerraform
		}
		if a.tipMoved {
			p.handOver()
		}
		select {
		case done := <-a.ends:
			a.takeResult(ctx, done)
		case <-polls:
			a.tipMoved = a.tipMoved || p.pollAgain(ctx, workspaces.Head)
		case <-rolloutTicks.C:
			a.checkRolloutsAgain(ctx, killCtx)
		}
	}
}

// applyRound is the work of one round on its workspaces.
type applyRound struct {
	pass      *pass
	inventory *inventory.Inventory
	schedule  *schedule.Schedule
	local     *worker.Worker
	starts    chan *inventory.Entry // to a goroutine that has ended the work on another
	ends      chan worker.Completion
	running   map[string]bool // workspaces, by name
	tipMoved  bool            // the tip has moved: nothing more is started

	noTerraform error // Terraform cannot be run: nothing more is started
}

// startReady starts what may start now.
func (a *applyRound) startReady(ctx, killCtx context.Context) {
	p, workspaces, s := a.pass, a.inventory, a.schedule
	for len(a.running) < p.config.Parallelism && !a.tipMoved && a.noTerraform == nil && ctx.Err() == nil {
		name, ok := s.Pop()
		if !ok {
			return
		}
		entry := workspaces.Entries[name]
		if result, ok := p.resolveWithoutRun(workspaces, s, entry); ok {
			if result.Outcome == state.Unchanged {
				p.clearFailure(ctx, workspaces, entry)
			}
			p.complete(ctx, s, entry, result)
			continue
		}
		if a.tipMoved = p.pollIfDue(ctx, workspaces.Head); a.tipMoved {
			return
		}
		if a.noTerraform = p.openTerraform(ctx); a.noTerraform != nil {
			return
		}
		if err := p.claims.take(name, p.run.Options.Run); err != nil {
			p.claimedByOther[name] = true
			p.complete(ctx, s, entry, newBusyResult(name, err))
			continue
		}
		a.start(ctx, killCtx, entry)
	}
}

// openTerraform opens Terraform before the first workspace is started. Without it the pass fails
// once, and not each workspace.
func (p *pass) openTerraform(ctx context.Context) error {
	if p.config.Executor != nil {
		return nil // its tasks have their own
	}
	_, err := p.config.Terraform(ctx)
	return err
}

// start starts the work on a workspace that this pass has claimed.
func (a *applyRound) start(ctx, killCtx context.Context, entry *inventory.Entry) {
	a.running[entry.Dir.Name] = true
	select {
	case a.starts <- entry: // its stack has grown already
	default:
		go a.work(ctx, killCtx, entry)
	}
}

// work does the work on a workspace, and then on those that start gives it.
func (a *applyRound) work(ctx, killCtx context.Context, entry *inventory.Entry) {
	for ok := true; ok; entry, ok = <-a.starts {
		a.ends <- a.pass.applyEntry(ctx, killCtx, a.inventory, a.local, entry)
	}
}

// applyEntry does what a workspace needs: here, or as a task of the executor.
func (p *pass) applyEntry(ctx, killCtx context.Context, workspaces *inventory.Inventory, local *worker.Worker, entry *inventory.Entry) worker.Completion {
	if done, ok := p.checkRollout(ctx, workspaces, entry); ok {
		return done
	}
	if p.config.Executor == nil {
		return local.Apply(ctx, killCtx, entry)
	}
	return remote.Apply(ctx, p.run, workspaces, entry)
}

// checkRolloutsAgain checks the rollouts that this round has checked before: others may be applied
// for long, and an alarm must not wait for them.
func (a *applyRound) checkRolloutsAgain(ctx, killCtx context.Context) {
	for name, entry := range a.inventory.Entries {
		isDue := entry.Record.Rollout != nil && entry.Result != nil && !a.running[name] && !a.tipMoved && ctx.Err() == nil
		if isDue && a.pass.claims.take(name, a.pass.run.Options.Run) == nil {
			a.start(ctx, killCtx, entry)
		}
	}
}

// takeResult takes the result of the work on a workspace.
func (a *applyRound) takeResult(ctx context.Context, done worker.Completion) {
	p, name := a.pass, done.Entry.Dir.Name
	delete(a.running, name)
	p.claims.release(name)
	if done.PanicErr != nil {
		p.panicErr = done.PanicErr
	}
	p.claimedByOther[name] = done.ClaimedByOther
	if done.TipMoved {
		a.tipMoved = true // dropped: the next round handles it
		return
	}
	if done.Record.Name != "" {
		done.Entry.Record = done.Record
	}
	if hold := done.Entry.Hold; hold != nil && hold.Kind == state.Suspended && done.Result.Rollout != "" {
		done.Result.Suspended = done.Result.Outcome == state.Blocked // as without a rollout
	}
	if done.Entry.Result != nil { // its rollout was checked again: its readers wait for the next pass
		p.addResult(done.Entry, done.Result)
		return
	}
	p.complete(ctx, a.schedule, done.Entry, done.Result)
}

// handOver leaves the new tip to another pass, while this one still applies workspaces.
func (p *pass) handOver() {
	if p.run.Options.HandOver && !p.result.Overtaken {
		p.result.Overtaken = true
		p.run.Emit(run.Event{Phase: run.PhaseOvertaken})
	}
}

// newBusyResult returns the result of a workspace that another run works on.
func newBusyResult(name string, err error) run.WorkspaceResult {
	return run.WorkspaceResult{Name: name, Outcome: state.Busy, Error: err.Error()}
}

// scheduleStale schedules the workspaces that a run with these options must work on.
func scheduleStale(workspaces *inventory.Inventory, o run.Options) *schedule.Schedule {
	s := schedule.New(workspaces.Graph, func(name string) bool { return len(workspaces.StaleReasons(workspaces.Entries[name])) > 0 }, o.Only, o.Replan)
	for name, entry := range workspaces.Entries {
		if o.Replan && s.Includes(name) && len(entry.OwnReasons) == 0 {
			entry.OwnReasons = []string{run.ReplanReason}
		}
	}
	return s
}

// resolveWithoutRun returns the result of an entry that need not, or must not, run.
func (p *pass) resolveWithoutRun(workspaces *inventory.Inventory, s *schedule.Schedule, entry *inventory.Entry) (run.WorkspaceResult, bool) {
	result := run.WorkspaceResult{Name: entry.Dir.Name, StaleReasons: workspaces.StaleReasons(entry)}
	why := s.ExplainSkip(entry.Dir.Name)
	switch {
	case len(result.StaleReasons) == 0:
		result.Outcome = state.Unchanged
	case entry.Record.Rollout != nil && entry.RenameErr == nil: // see checkRollout
		return result, false
	case entry.Hold != nil && !entry.Hold.IsOfSnapshot():
		result.Outcome = state.Blocked
		result.Suspended = entry.Hold.Kind == state.Suspended
		result.Error = inventory.DescribeHold(*entry.Hold)
	case entry.RenameErr != nil:
		result.Outcome, result.Error = run.ClassifyError(entry.RenameErr), entry.RenameErr.Error()
	case why != "":
		result.Outcome = state.Skipped
		result.Error = fmt.Sprintf("waits for its upstreams: %s", why)
	case p.isBackingOff(workspaces, entry):
		result.Outcome, result.Error = entry.Record.Outcome, entry.Record.Error
		result.CopyPlan(entry.Record)
	default:
		return result, false
	}
	return result, true
}

// isBackingOff reports whether the last result still holds for the same inputs: a
// failure until its retry time, a plan that waits for a person until an input changes,
// an error in the commit until the next commit. A manual run always tries again.
func (p *pass) isBackingOff(workspaces *inventory.Inventory, entry *inventory.Entry) bool {
	rec := entry.Record
	triesAgain := p.run.Options.Trigger == run.TriggerManual || p.run.Options.Replan
	if triesAgain && !p.isTeardownRound || !entry.Recorded {
		return false
	}
	if rec.Outcome != state.Failed && rec.Outcome != state.Blocked {
		return false
	}
	if refused := workspaces.Load(entry).Err; refused != nil {
		return rec.Outcome == state.Failed && rec.Error == refused.Error()
	}
	if rec.PendingInputs == nil || rec.Outcome == state.Failed && rec.RetryAt.IsZero() { // it was refused before, and is not any more
		return false
	}
	if !rec.RetryAt.IsZero() && p.config.IsDue(rec.RetryAt) {
		return false
	}
	return maps.Equal(rec.PendingInputs, gate.PendingInputs(entry.Config, p.config.Gate, workspaces.Trace(entry, workspaces.UpstreamDigests(entry.Dir.Name)), entry.Approvals))
}

// complete tells the schedule what became of a workspace, so that its readers may start, and
// adds the result to the pass.
func (p *pass) complete(ctx context.Context, s *schedule.Schedule, entry *inventory.Entry, result run.WorkspaceResult) {
	p.followHold(ctx, entry, &result)
	if result.WaitsForOthers() {
		s.FinishWaiting(entry.Dir.Name)
	} else {
		s.Finish(entry.Dir.Name, result.Outcome)
	}
	p.addResult(entry, result)
}

// addResult adds the result of a workspace to the pass.
func (p *pass) addResult(entry *inventory.Entry, result run.WorkspaceResult) {
	entry.Result = &result
	p.scheduleRetry(entry)
	p.result.Add(result)
	p.run.Emit(run.Event{Workspace: entry.Dir.Name, Phase: run.PhaseDone, Result: &result})
	log := p.run.Log.With("workspace", entry.Dir.Name, "outcome", result.Outcome)
	switch {
	case result.Error != "":
		log.Warn(result.Error)
	case result.Outcome != state.Unchanged:
		log.Info("done", "stale", result.StaleReasons, "changes", result.Changes, "ms", result.DurationMS)
	}
}

// canTearDown reports whether the readers of a workspace that waits for them are applied now,
// or whether one that has served traffic serves none any more.
func (p *pass) canTearDown(ctx context.Context, workspaces *inventory.Inventory) (bool, error) {
	var records map[string]state.Workspace
	for name, entry := range workspaces.Entries {
		if entry.Result == nil || !entry.Result.WaitsForOthers() {
			continue
		}
		if records == nil {
			var err error
			if records, err = p.config.Record.Workspaces(ctx); err != nil {
				return false, err
			}
		}
		mayGoOn := len(workspaces.UnappliedReaders(name, records)) == 0
		if entry.Result.WhileServing {
			mayGoOn = worker.ShareOf(workspaces, entry, records) == (gate.Share{})
		}
		if mayGoOn {
			return true, nil
		}
	}
	return false, nil
}

// scheduleRetry sets the retry time of a workspace whose next run may end differently.
// One whose files do not parse needs another commit instead.
func (p *pass) scheduleRetry(entry *inventory.Entry) {
	delete(p.retries, entry.Dir.Name)
	switch at := entry.Record.RetryAt; {
	case entry.Loaded != nil && entry.Loaded.Err != nil:
	case entry.Result.Outcome == state.Failed && at.IsZero(): // the failure could not be recorded
		p.retries[entry.Dir.Name] = p.config.Now().Add(p.config.Backoff(1))
	case entry.Result.Outcome == state.Failed, (entry.Result.Outcome == state.Blocked || entry.Result.Outcome == state.Rolling) && !at.IsZero():
		p.retries[entry.Dir.Name] = at
	}
	if r := entry.Record.Rollout; r != nil && r.Phase != state.RolloutStopped { // its alarms are watched
		soon := p.config.Now().Add(rollout.CheckInterval)
		if at := p.retries[entry.Dir.Name]; at.IsZero() || at.After(soon) {
			p.retries[entry.Dir.Name] = soon
		}
	}
}

// reportUnchanged adds the results of all workspaces that are not candidates.
func (p *pass) reportUnchanged(ctx context.Context, workspaces *inventory.Inventory, s *schedule.Schedule) {
	for _, name := range workspaces.Graph.Order() {
		if entry := workspaces.Entries[name]; !s.Includes(name) && !s.IsAlone() {
			p.clearFailure(ctx, workspaces, entry)
			entry.Result = &run.WorkspaceResult{Name: name, Outcome: state.Unchanged}
			p.followHold(ctx, entry, entry.Result)
			p.result.Add(*entry.Result)
		}
	}
}

// announceWaiting tells the observer which workspaces will run.
func announceWaiting(r *run.Run, workspaces *inventory.Inventory, s *schedule.Schedule) {
	for _, name := range workspaces.Graph.Order() {
		if s.Includes(name) {
			r.Emit(run.Event{Workspace: name, Phase: run.PhaseWaiting, WaitsFor: s.PendingUpstreams(name)})
		}
	}
}
