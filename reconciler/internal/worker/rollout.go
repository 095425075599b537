package worker

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"time"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/checkout"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/internal/rollout"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

// A rollout decides nothing here: package rollout does. What it says is carried out step by
// step, and written before and after each apply.

// wantsSteps reports whether the workspace is to be applied in steps. What a person applies from
// a snapshot, as in a disaster, has none: they need passes that come again.
func (wr *workspaceRun) wantsSteps() bool {
	return wr.entry.Config.Progressive != nil && wr.run.Options.AtOnce == nil && wr.run.Options.Snapshot == ""
}

const withoutSteps = "nothing exists yet, so it is applied without steps"

// isFirstApply reports whether nothing of the workspace existed before, apart from what such an
// apply has left when it failed: there is nothing that a rollout could start from.
func isFirstApply(rec state.Workspace, plan *terraform.Plan) bool {
	if rec.Trace != nil || rec.LastRollout != nil {
		return false
	}
	a := rec.Attempt
	return !plan.StateExists || a != nil && (a.IsFirst || a.State != nil && a.State.Lineage == "")
}

// continueRollout goes on with the rollout in the record.
func (wr *workspaceRun) continueRollout(ctx context.Context) error {
	if wr.run.Options.AtOnce != nil {
		return &run.BlockedError{Reason: fmt.Sprintf("a rollout is under way; `reconcile rollout promote %s` ends it step by step, `reconcile rollout abort %[1]s` takes it back", shell.Quote(wr.entry.Dir.Name))}
	}
	return wr.recordStepFailure(ctx, wr.takeSteps(ctx))
}

// endRolloutBySnapshot ends a rollout whose workspace a person applies from a snapshot.
func (wr *workspaceRun) endRolloutBySnapshot() {
	if r := wr.record.Rollout; r != nil {
		last := rollout.Close(*r, wr.config.Now(), "left, because a person applied the snapshot of "+wr.inventory.Commit.ID.Abbrev())
		wr.record.Rollout, wr.record.LastRollout = nil, &last
	}
}

// beginRollout begins to apply a plan at 100 in steps, if the plan at 0 changes nothing. Where
// the number moves nothing, it applies the plan as a whole.
func (wr *workspaceRun) beginRollout(ctx context.Context, whole *terraform.Plan) error {
	scope, err := rollout.Scope(whole.Difference)
	if err != nil {
		return &run.BlockedError{Reason: "the rollout does not begin: " + err.Error()}
	}
	strategy := newStrategy(wr.entry.Config)
	wr.setNumber(strategy, 0)
	start, err := wr.planExactInputs(ctx)
	if err != nil {
		return err
	}
	if !start.Empty && movesNothing(start, whole) {
		wr.setNumber(strategy, settings.WholeRollout)
		if whole, err = wr.planExactInputs(ctx); err != nil {
			return err
		}
		if whole.Digest != start.Digest {
			return &run.BlockedError{Retry: true, RetrySoon: true, Reason: "the plan changed while it was compared with the plan at 0: the next pass plans again"}
		}
		return wr.applyWhole(ctx, whole)
	}
	if !start.Empty {
		return &run.BlockedError{Retry: true, Reason: fmt.Sprintf(
			"the rollout does not begin: with %s = 0 the plan changes something (%s), so what is live is not where it starts, or the commit changes something else as well; to apply it without steps: `reconcile now --at-once %s --why …`",
			strategy.Variable, rollout.Exceeds(nil, start.Difference), shell.Quote(wr.entry.Dir.Name))}
	}
	facts, err := ReadRolloutFacts(ctx, wr.config, wr.inventory, wr.entry, wr.record, strategy)
	if err != nil {
		return err
	}
	if bad := rollout.DescribeBadAlarms(strategy, facts.Alarms); bad != "" {
		return &run.BlockedError{Retry: true, RetrySoon: true, Reason: "the rollout does not begin: not all alarms are OK: " + bad}
	}
	begun := rollout.Begin(state.Rollout{
		Run: wr.run.Options.Run, Commit: wr.inventory.Commit.ID, Inputs: facts.TipInputs, Target: whole.Digest, Risk: whole.Risk.Risk.String(),
		Approval: wr.approvals.match.WithoutDifference(), Allowed: scope, Strategy: strategy, Outputs: wr.record.KeptOutputs, EndOutputs: whole.KeptOutputs,
	}, wr.config.Now())
	before := wr.record
	wr.newAttempt(whole)
	wr.record.Attempt.HasEnded, wr.record.Rollout = true, &begun
	wr.record.Outcome, wr.record.Failures, wr.record.RetryAt = state.Rolling, 0, time.Time{}
	if err := wr.writeRollout(ctx, state.RolloutWrite{Order: facts.Order, Follow: facts.Order != nil, Begin: true}); err != nil {
		wr.record = before
		return err
	}
	wr.result.Approval = wr.approvals.match.Fact() // it is used
	return wr.takeSteps(ctx)
}

// movesNothing reports whether there is nothing to do in steps: the plan is the same at 0 and at
// 100, and interrupts nothing, such as an endpoint that joins with weight 0. If it interrupts
// something, what is live is not what 0 says.
func movesNothing(start, whole *terraform.Plan) bool {
	return start.Digest == whole.Digest && !whole.Risk.Risk.NeedsApproval()
}

func newStrategy(c settings.Config) state.RolloutStrategy {
	p := c.Progressive
	var soak []int64
	for _, long := range p.Soak {
		soak = append(soak, long.Milliseconds())
	}
	return state.RolloutStrategy{Role: c.PlanRole, Variable: p.Variable, Steps: p.Steps, SoakMS: soak, Alarms: p.Alarms, Quiet: p.Quiet, OnAlarm: string(p.OnAlarm)}
}

func (wr *workspaceRun) setNumber(s state.RolloutStrategy, number int) {
	wr.session.terraform.SetVariable(terraform.Variable{Name: s.Variable, Value: strconv.Itoa(number)})
}

// writeRollout writes the record of the workspace with its rollout.
func (wr *workspaceRun) writeRollout(ctx context.Context, w state.RolloutWrite) error {
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	err := run.RetryWrite(own, func() error { return wr.lease.WriteRollout(own, wr.record, w) })
	if err != nil {
		return fmt.Errorf("write the rollout of %s: %w", wr.entry.Dir.Name, err)
	}
	return nil
}

// takeSteps takes all steps that the rollout allows now.
func (wr *workspaceRun) takeSteps(ctx context.Context) error {
	tip, tipEntry := wr.inventory, wr.entry // the steps may be those of an older commit
	for {
		stored := wr.record
		facts, err := ReadRolloutFacts(ctx, wr.config, tip, tipEntry, wr.record, wr.record.Rollout.Strategy)
		if err != nil {
			return err
		}
		next, move, followed := rollout.Decide(*wr.record.Rollout, facts)
		isNew := followed || !reflect.DeepEqual(next, *wr.record.Rollout)
		wr.record.Rollout = &next
		write := state.RolloutWrite{Order: facts.Order, Follow: followed}
		switch move.Kind {
		case rollout.Wait:
			err = wr.waitForRollout(ctx, move, facts, write)
		case rollout.End:
			err = wr.endRollout(ctx, move, write)
		default:
			if isNew {
				err = wr.writeRollout(ctx, write)
			}
		}
		if errors.Is(err, state.ErrOrderChanged) {
			wr.record = stored
			continue
		}
		if err != nil || move.Kind == rollout.Wait {
			return err
		}
		if move.Kind == rollout.End {
			if move.Hold {
				return nil
			}
			return fmt.Errorf("the rollout of %s is over: %w", next.ShortCommit(), state.ErrTipMoved) // another round looks at the tip
		}
		if err := wr.prepareSteps(ctx, tip, tipEntry); err != nil {
			return err
		}
		if move.Kind == rollout.Finish {
			done, err := wr.finishRollout(ctx)
			if done || err != nil {
				return err
			}
			continue
		}
		if err := wr.takeStep(ctx); err != nil && !errors.Is(err, state.ErrOrderChanged) {
			return err
		}
	}
}

// prepareSteps opens Terraform on the tree of the rollout's commit. Where the workspace's inputs
// at the tip are the same, that is the tip's tree.
func (wr *workspaceRun) prepareSteps(ctx context.Context, tip *inventory.Inventory, tipEntry *inventory.Entry) (err error) {
	if wr.session.program != nil {
		return nil
	}
	if inputs, known := inventory.OwnInputs(tip, tipEntry); !known || inputs != wr.record.Rollout.Inputs {
		if err := wr.useSnapshot(ctx); err != nil {
			return err
		}
	}
	if wr.session.root, err = wr.checkout.LayOut(ctx); err != nil {
		return err
	}
	if wr.inventory != tip {
		leave, err := wr.checkout.Enter(ctx, wr.entry)
		if err != nil {
			return err
		}
		wr.closers = append(wr.closers, leave)
	}
	wr.trace = wr.inventory.Trace(wr.entry, wr.upstreamsBefore.Digests())
	return wr.openSession(ctx)
}

// useSnapshot replaces the tree that the steps are taken from by the stored one of the
// rollout's commit.
func (wr *workspaceRun) useSnapshot(ctx context.Context) error {
	workspaces, entry, err := OpenRollout(ctx, wr.config, wr.inventory.Head, wr.record)
	if err != nil {
		return err
	}
	wr.closers = append(wr.closers, func() { wr.config.CloseCommit(workspaces.Commit) })
	if err := workspaces.Load(entry).Err; err != nil {
		return err
	}
	wr.inventory, wr.entry, wr.checkout = workspaces, entry, checkout.NewForRollout(wr.run, workspaces)
	wr.closers = append(wr.closers, wr.checkout.Close)
	return nil
}

// ReadRolloutFacts reads what a decision about a rollout depends on, for a workspace at the tip.
func ReadRolloutFacts(ctx context.Context, c *run.Config, tip *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, s state.RolloutStrategy) (f rollout.Observations, err error) {
	f.Workspace, f.Tip, f.NoTip = entry.Dir.Name, tip.Commit.ID, tip.NoTip
	if f.Order, err = c.Record.RolloutOrder(ctx, entry.Dir.Name); err != nil {
		return f, err
	}
	holds, err := c.Record.Holds(ctx)
	if err != nil {
		return f, err
	}
	if hold, held := holds[entry.Dir.Name]; held {
		f.HeldBecause = inventory.DescribeHold(hold)
	}
	inputs, known := inventory.OwnInputs(tip, entry)
	f.TipInputs = inputs
	switch r := rec.Rollout; {
	case r == nil || known && inputs == r.Inputs:
		f.Git = rollout.Same
	case known && rec.Trace != nil && inputs == inventory.HashOwnInputs(rec.Trace):
		f.Git = rollout.Reverted
	default:
		f.Git = rollout.Newer
	}
	if rec.Outcome == state.Failed && !c.IsDue(rec.RetryAt) {
		f.Retry = rec.RetryAt
	}
	reading, cancel := context.WithTimeout(ctx, alarmTimeout)
	defer cancel()
	f.Alarms = c.ReadAlarms(reading, entry.Config.PlanRole, s.Alarms)
	f.Now = c.Now()
	return f, nil
}

// alarmTimeout bounds one look at all alarms of a workspace. It is well below a lease.
const alarmTimeout = 20 * time.Second

// OpenRollout returns the workspaces at the commit of a rollout, from its stored snapshot, and
// the one that is rolled out. The caller closes the commit.
func OpenRollout(ctx context.Context, c *run.Config, head state.Head, rec state.Workspace) (workspaces *inventory.Inventory, entry *inventory.Entry, err error) {
	commit, err := c.FetchSnapshot(ctx, rec.Rollout.Commit)
	if err != nil {
		return nil, nil, fmt.Errorf("the tree that is rolled out: %w", err)
	}
	defer func() {
		if err != nil {
			c.CloseCommit(commit)
		}
	}()
	settings, err := c.LoadSettings(commit)
	if err != nil {
		return nil, nil, err
	}
	if workspaces, err = inventory.Discover(ctx, c, head, commit, settings); err != nil {
		return nil, nil, err
	}
	if entry = workspaces.Entries[rec.Name]; entry == nil {
		return nil, nil, fmt.Errorf("there is no workspace %s at %s, which is rolled out", rec.Name, commit)
	}
	return workspaces, entry, nil
}

// recordStepFailure records why a rollout could not go on. What it has written stays.
func (wr *workspaceRun) recordStepFailure(ctx context.Context, err error) error {
	var claimed *run.ClaimedError
	if err == nil || wr.isFailureRecorded || errors.As(err, &claimed) || errors.Is(err, state.ErrTipMoved) || errors.Is(err, state.ErrLeaseLost) {
		return err
	}
	if wr.record.Rollout != nil {
		wr.result.Rollout = rollout.Describe(*wr.record.Rollout)
	}
	return wr.recordFailure(ctx, err)
}

// endRollout records that a rollout is undone. The attempt stays: the next plan of the tip
// shows what is left to do.
func (wr *workspaceRun) endRollout(ctx context.Context, move rollout.Move, w state.RolloutWrite) error {
	r := *wr.record.Rollout
	why := fmt.Sprintf("the rollout of %s is undone: %s", r.ShortCommit(), move.Why)
	last := rollout.Close(r, wr.config.Now(), "undone")
	wr.record.Rollout, wr.record.LastRollout = nil, &last
	if move.Hold {
		w.Hold = &state.Hold{
			Name: wr.record.Name, Kind: state.Recovery, Reason: why, PlacedBy: "run " + string(wr.run.Options.Run), PlacedAt: wr.config.Now(),
			Help: fmt.Sprintf("find out why; commit what corrects it or revert the commit, then `reconcile resume %s`", shell.Quote(wr.record.Name)),
		}
	}
	wr.setOutcome(state.Blocked, why, time.Time{})
	return wr.writeRollout(ctx, w)
}

// waitForRollout records what the rollout waits for.
func (wr *workspaceRun) waitForRollout(ctx context.Context, move rollout.Move, f rollout.Observations, w state.RolloutWrite) error {
	outcome := state.Rolling
	if move.Why != "" {
		outcome = state.Blocked
	}
	wr.setOutcome(outcome, move.Why, move.Until)
	wr.result.Rollout = rollout.DescribeCheck(*wr.record.Rollout, f)
	return wr.writeRollout(ctx, w)
}

// setOutcome sets the outcome of this run in the result and in the record.
func (wr *workspaceRun) setOutcome(outcome state.Outcome, why string, retryAt time.Time) {
	wr.result.Outcome, wr.result.Error = outcome, why
	rec := &wr.record
	rec.Outcome, rec.Error, rec.OutcomeAt, rec.PendingInputs, rec.Teardown = outcome, why, wr.config.Now(), nil, nil
	rec.RetryAt = retryAt
	wr.result.RecordPlan(rec)
}

// recordAtOnce puts into the record who left the steps of a rollout out, and why.
func (wr *workspaceRun) recordAtOnce(plan *terraform.Plan) {
	o := wr.run.Options.AtOnce
	if o == nil || wr.entry.Config.Progressive == nil {
		return
	}
	now := wr.config.Now()
	wr.record.LastRollout = &state.Rollout{
		Run: wr.run.Options.Run, Commit: wr.inventory.Commit.ID, Target: plan.Digest, Risk: wr.result.Risk, Approval: wr.approvals.match.WithoutDifference(),
		Strategy: newStrategy(wr.entry.Config), BeganAt: now, Since: now, Number: settings.WholeRollout,
		Verdicts: []state.RolloutVerdict{{At: now, Number: settings.WholeRollout, Text: "applied at once: " + o.Why, By: o.By}},
	}
}
