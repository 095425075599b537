package state

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
)

// RolloutPhase is what a rollout does.
type RolloutPhase string

// Phases of a rollout.
const (
	RolloutApplying RolloutPhase = "applying" // Next is to be put in force
	RolloutSoaking  RolloutPhase = "soaking"  // Number is in force and watched
	RolloutPaused   RolloutPhase = "paused"   // it waits for a person at Number
	RolloutAborting RolloutPhase = "aborting" // it goes back to AbortTo, over Next
	RolloutStopped  RolloutPhase = "stopped"  // an alarm brought it back to Number: it waits for a person
)

// Rollout is a progressive apply that is under way. Its number grows from step to step; at
// 100 everything is applied. While there is one, the workspace's Attempt stays.
type Rollout struct {
	Run    runid.ID    `json:"run"`    // that began it: its id
	Commit commitid.ID `json:"commit"` // whose tree it applies
	Inputs string      `json:"inputs"` // hash of the workspace's own inputs at Commit
	// Target is the digest of the plan at 100, which Approval allowed. nil: it needed none.
	Target   plandigest.Digest `json:"target"`
	Approval *Approval         `json:"approval,omitempty"`
	Risk     string            `json:"risk"` // of that plan
	// Allowed is what the plan at 100 changes, without values.
	Allowed []plandigest.Change `json:"allowed"`

	Strategy RolloutStrategy `json:"strategy"`

	Phase   RolloutPhase `json:"phase"`
	Since   time.Time    `json:"since"` // of the phase
	BeganAt time.Time    `json:"began_at"`
	Number  int          `json:"number"`            // in force: applied last, and its plan was empty then
	Next    int          `json:"next"`              // being put in force
	Good    int          `json:"good"`              // the last number whose soak ended well; 0: none
	AbortTo int          `json:"back"`              // where an abort leads
	Applied []int        `json:"applied,omitempty"` // numbers that were in force, ascending, at most Number
	// InFlight: the apply of Next has begun, and has not been seen to end well.
	InFlight bool `json:"in_flight,omitempty"`
	// IgnoredInputs is the hash of the workspace's inputs at a newer commit, which the rollout ignores by a
	// person's order.
	IgnoredInputs string `json:"goes_on,omitempty"`
	// Reason is why it is paused, stopped or aborting, and By the person who said so.
	Reason string `json:"reason,omitempty"`
	By     string `json:"by,omitempty"`

	// Outputs are the outputs that other workspaces' settings name, at Number, and EndOutputs those
	// at 100, as in Workspace.KeptOutputs. What is not known is missing.
	Outputs    map[string]string `json:"outputs,omitempty"`
	EndOutputs map[string]string `json:"end_outputs,omitempty"`

	Verdicts []RolloutVerdict `json:"verdicts,omitempty"` // the last ones, oldest first
}

// ShortCommit returns the abbreviated id of the commit, for people.
func (r *Rollout) ShortCommit() string { return r.Commit.Abbrev() }

// RolloutStrategy is how a rollout goes on, as the settings said when it began.
type RolloutStrategy struct {
	Variable string   `json:"variable"`
	Steps    []int    `json:"steps"`
	SoakMS   []int64  `json:"soak_ms"` // how long each step is watched, in milliseconds
	Alarms   []string `json:"alarms,omitempty"`
	Quiet    []string `json:"quiet,omitempty"`
	OnAlarm  string   `json:"on_alarm"`
	Role     string   `json:"role,omitempty"` // that reads the alarms for status; "": one's own
}

// RolloutVerdict is one thing that became of a rollout.
type RolloutVerdict struct {
	At     time.Time `json:"at"`
	Number int       `json:"number"` // in force then
	Text   string    `json:"text"`
	By     string    `json:"by,omitempty"` // the person; "": a pass
}

// RolloutOrderKind is what a person orders a rollout to do.
type RolloutOrderKind string

// Orders to a rollout.
const (
	RolloutPause   RolloutOrderKind = "pause"
	RolloutResume  RolloutOrderKind = "resume"
	RolloutPromote RolloutOrderKind = "promote"
	RolloutAbort   RolloutOrderKind = "abort"
)

// RolloutOrder is a person's order to the rollout of a workspace. It is an item of its own, so
// that it can be given while a run holds the workspace's lease. The next write of the rollout
// consumes it.
type RolloutOrder struct {
	Schema    int              `json:"schema"`
	Workspace string           `json:"workspace"`
	Rollout   runid.ID         `json:"rollout"` // it is for this rollout only
	Kind      RolloutOrderKind `json:"kind"`
	By        string           `json:"by"`
	Reason    string           `json:"why,omitempty"`
	At        time.Time        `json:"at"`
}

func (o RolloutOrder) sortKey() string    { return rolloutOrderPrefix + o.Workspace }
func (o RolloutOrder) schemaVersion() int { return o.Schema }
func (o RolloutOrder) check() error {
	return errors.Join(required("workspace", o.Workspace), required("rollout", string(o.Rollout)), required("kind", string(o.Kind)))
}

// ErrOrderChanged: a person has given the rollout another order since it was read.
var ErrOrderChanged = errors.New("the rollout was given another order meanwhile")

// PlaceRolloutOrder stores an order and marks the head unsettled, in one transaction. It
// replaces an order that no run has followed yet.
func (r *Record) PlaceRolloutOrder(ctx context.Context, o RolloutOrder) error {
	o.Schema, o.At = Schema, r.now()
	value, err := encode(o)
	if err != nil {
		return err
	}
	key := r.key(o.sortKey())
	err = r.retry(ctx, func() error {
		unsettleOp, err := r.markUnsettledOp(ctx)
		if err != nil {
			return err
		}
		return r.write(ctx, verifyStored[RolloutOrder](r, key, value), Op{Key: key, Put: value}, unsettleOp)
	})
	if err != nil {
		return fmt.Errorf("give an order to the rollout of workspace %s: %w", o.Workspace, err)
	}
	return nil
}

// RolloutOrders returns the orders that no run has followed yet, by workspace.
func (r *Record) RolloutOrders(ctx context.Context) (map[string]RolloutOrder, error) {
	byName, err := listByName(ctx, r, rolloutOrderPrefix, func(item *RolloutOrder) string { return item.Workspace })
	if err != nil {
		return nil, fmt.Errorf("read the orders to rollouts of record %s: %w", r.name, err)
	}
	return byName, nil
}

// RolloutOrder returns the order to the rollout of a workspace; nil if there is none.
func (r *Record) RolloutOrder(ctx context.Context, workspace string) (*RolloutOrder, error) {
	o, found, err := get[RolloutOrder](ctx, r, r.key(rolloutOrderPrefix+workspace))
	if err != nil || !found {
		return nil, err
	}
	return &o, nil
}

// RolloutWrite is what a write of a rollout does beside writing the workspace.
type RolloutWrite struct {
	// Order is the order as it was read: the write fails with ErrOrderChanged if it is another
	// by now. Follow: the write consumes it.
	Order  *RolloutOrder
	Follow bool
	// Hold is placed; nil: none. It does not replace one that is there.
	Hold *Hold
	// Begin: an apply is about to start, as with BeginApply.
	Begin bool
}

// WriteRollout writes a workspace with its rollout, or with the end of it, in one transaction
// with w. It fails as Write does, and with Begin as BeginApply does.
func (l *Lease) WriteRollout(ctx context.Context, ws Workspace, w RolloutWrite) error {
	if w.Begin && l.ctx.Err() != nil {
		return fmt.Errorf("record the start of a step of workspace %s: %w", ws.Name, context.Cause(l.ctx))
	}
	ops := []Op{l.ownedCheck(), l.orderOp(ws.Name, w)}
	if w.Begin && l.request.Generation != 0 {
		ops = append(ops, l.record.generationCheck(l.request.Generation))
	}
	if w.Begin {
		ops = append(ops, l.consumeOps(ws)...)
	}
	if w.Hold != nil {
		hold := *w.Hold
		hold.Schema = Schema
		_, held, err := get[Hold](ctx, l.record, l.record.key(hold.sortKey()))
		if err != nil {
			return err
		}
		value, err := encode(hold)
		if err != nil {
			return err
		}
		if !held {
			ops = append(ops, Op{Key: l.record.key(hold.sortKey()), If: Cond{Absent: true}, Put: value})
		}
	}
	err := l.put(ctx, "record the rollout of", ws, ops...)
	err = l.classifyApproval(ctx, ws, l.record.classifyConflict(ctx, l.request, err))
	if errors.Is(err, ErrConflict) && l.isOrderChanged(ctx, ws.Name, w.Order) {
		return ErrOrderChanged
	}
	return err
}

// orderOp checks that the order is still the one that was read, and consumes one that the
// write follows.
func (l *Lease) orderOp(workspace string, w RolloutWrite) Op {
	op := Op{Key: l.record.key(rolloutOrderPrefix + workspace), If: Cond{Absent: true}}
	if w.Order != nil {
		op.If = Cond{Equal: map[string]any{"rollout": string(w.Order.Rollout), "kind": string(w.Order.Kind), "at": formatTime(w.Order.At)}}
		op.Delete = w.Follow
	}
	return op
}

func (l *Lease) isOrderChanged(ctx context.Context, workspace string, read *RolloutOrder) bool {
	cleanupCtx, cancel := l.record.cleanupContext(ctx)
	defer cancel()
	now, err := l.record.RolloutOrder(cleanupCtx, workspace)
	if err != nil {
		return false
	}
	return (now == nil) != (read == nil) || now != nil && (now.Kind != read.Kind || !now.At.Equal(read.At) || now.Rollout != read.Rollout)
}
