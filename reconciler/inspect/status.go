package inspect

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/plandigest"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// Status is the record as `reconcile status -o json` prints it. Status.AddTip adds what is in Git.
type Status struct {
	Head       StatusHead        `json:"head"`
	Workspaces []StatusWorkspace `json:"workspaces"`
}

// StatusHead is the tip that the record has adopted.
type StatusHead struct {
	Commit     commitid.ID `json:"commit"`
	Settled    bool        `json:"settled"`
	Exit       int         `json:"exit"`
	Generation int64       `json:"generation"`
	Epoch      int64       `json:"epoch"`
	NextAt     *time.Time  `json:"next_at,omitempty"`
	// OutOfSyncSince is when the branch got ahead of what is applied.
	OutOfSyncSince *time.Time `json:"behind_since,omitempty"`
	Run            runid.ID   `json:"run"`
	UpdatedAt      time.Time  `json:"updated_at"`
	Error          string     `json:"error,omitempty"` // why the last pass failed as a whole
	// Tip is the branch's commit in Git, and TipError why it could not be read.
	Tip      commitid.ID `json:"tip,omitempty"`
	TipError string      `json:"tip_error,omitempty"`
}

// StatusWorkspace is one workspace of the record.
type StatusWorkspace struct {
	Name      string               `json:"name"`
	Path      string               `json:"path"`
	Commit    commitid.ID          `json:"commit"` // the applied commit
	Outcome   state.Outcome        `json:"outcome"`
	Stale     []string             `json:"stale,omitempty"` // inputs that differ at the tip from what was applied
	At        time.Time            `json:"at"`
	Error     string               `json:"error,omitempty"`
	Digest    plandigest.Digest    `json:"digest,omitempty"`
	Risk      string               `json:"risk,omitempty"`
	Why       string               `json:"why,omitempty"`       // why the plan waits, or would have waited without Approval
	Approval  *state.ApprovalFact  `json:"approval,omitempty"`  // allowed the last apply
	Approvals []state.ApprovalFact `json:"approvals,omitempty"` // that no apply has used
	RetryAt   *time.Time           `json:"retry_at,omitempty"`
	Rollout   *RolloutStatus       `json:"rollout,omitempty"` // that is under way; its alarms are not read
	Attempt   *StatusRun           `json:"attempt,omitempty"` // an apply that was started and was not successful
	Lease     *StatusLease         `json:"lease"`             // null if free
	Hold      *StatusHold          `json:"hold,omitempty"`
	DependsOn []string             `json:"depends_on"`
	Drift     *string              `json:"drift"` // "drifted" or "none"; null: not checked since the last apply
	Removed   bool                 `json:"removed,omitempty"`
	Identity  stateid.ID           `json:"identity"`
	// OrphanedState is where the state of a removed workspace lies, if no other
	// workspace has it.
	OrphanedState string `json:"orphaned_state,omitempty"`

	DriftAt      *time.Time        `json:"drift_at,omitempty"`      // last drift check
	DriftChanges *state.Changes    `json:"drift_changes,omitempty"` // changes that revert the drift
	DriftDigest  plandigest.Digest `json:"drift_digest,omitempty"`  // of the plan that reverts it
	DriftRun     runid.ID          `json:"drift_run,omitempty"`     // run that found it: `reconcile runs` shows its plan
	// DriftWithheld is why a pass would not apply the plan that reverts it.
	DriftWithheld string `json:"drift_withheld,omitempty"`

	Changes state.Changes `json:"-"` // of the plan that waits or was applied
	Trace   state.Trace   `json:"-"` // inputs of the last apply
}

// Conditions of a workspace beside its outcome.
const (
	ConditionRunning   = "running"
	ConditionStale     = "stale"
	ConditionWaiting   = "waiting"  // for a person
	ConditionApproved  = "approved" // the next pass applies the plan that waited
	ConditionSuspended = "suspended"
	ConditionHeld      = "held" // a person must repair something first
	ConditionDrifted   = "drifted"
)

// ApprovalInForce returns the approval of the plan that waits; nil: none counts at that time.
func (w StatusWorkspace) ApprovalInForce(now time.Time) *state.ApprovalFact {
	if w.Outcome != state.Blocked || w.Removed {
		return nil
	}
	for _, a := range w.Approvals {
		if a.Digest == w.Digest && !a.BeforeMerge && now.Before(a.EndsAt) {
			return &a
		}
	}
	return nil
}

// Conditions returns what is so of the workspace beside its outcome.
func (w StatusWorkspace) Conditions(now time.Time) []string {
	isApproved := w.ApprovalInForce(now) != nil
	var list []string
	for _, c := range []struct {
		is   bool
		name string
	}{
		{w.Lease != nil, ConditionRunning},
		{len(w.Stale) > 0, ConditionStale},
		{w.Outcome == state.Blocked && !w.Removed && !isApproved, ConditionWaiting},
		{isApproved, ConditionApproved},
		{w.Hold != nil && w.Hold.Kind == state.Suspended, ConditionSuspended},
		{w.Hold != nil && w.Hold.Kind == state.Recovery, ConditionHeld},
		{w.HasDrifted(), ConditionDrifted},
	} {
		if c.is {
			list = append(list, c.name)
		}
	}
	return list
}

// HasDrifted reports whether the last check found the workspace changed outside of Git.
func (w StatusWorkspace) HasDrifted() bool { return w.Drift != nil && *w.Drift == DriftFound }

// Values of StatusWorkspace.Drift.
const (
	DriftNone  = "none"
	DriftFound = "drifted"
)

// StatusRun is the run of an attempt.
type StatusRun struct {
	Run    runid.ID    `json:"run"`
	Commit commitid.ID `json:"commit"`
	Host   string      `json:"host"`
	Since  time.Time   `json:"since"`
	Undone bool        `json:"undone,omitempty"` // it belonged to a rollout that was taken back
}

// StatusLease is the holder of a lease.
type StatusLease struct {
	Run   runid.ID  `json:"run"`
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// AddTip adds to the status what the tip of the branch makes stale. If Git does not answer,
// the status says why.
func (st *Status) AddTip(ctx context.Context, c run.Config) {
	changed, err := FindChanged(ctx, c, "", "")
	if err != nil {
		st.Head.TipError = err.Error()
		return
	}
	st.Head.Tip = changed.To
	for _, c := range changed.Workspaces {
		i := slices.IndexFunc(st.Workspaces, func(w StatusWorkspace) bool { return w.Name == c.Name })
		switch {
		case c.Removed:
		case i < 0:
			st.Workspaces = append(st.Workspaces, StatusWorkspace{Name: c.Name, Stale: c.Stale, DependsOn: []string{}})
		default:
			st.Workspaces[i].Stale = c.Stale
		}
	}
	slices.SortFunc(st.Workspaces, func(a, b StatusWorkspace) int { return cmp.Compare(a.Name, b.Name) })
}

// ReadStatus reads the record.
func ReadStatus(ctx context.Context, c run.Config) (*Status, error) {
	c.SetDefaults()
	head, err := c.Record.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	records, err := c.Record.Workspaces(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	holds, err := c.Record.Holds(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the record %s: %w", c.RecordName, err)
	}
	leases, err := c.Record.Leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the leases: %w", err)
	}
	st := &Status{
		Head: StatusHead{
			Commit: head.Commit, Settled: head.Settled, Exit: head.Exit, Generation: head.Generation,
			Epoch: head.Epoch, NextAt: timeOrNil(head.NextRetryAt), OutOfSyncSince: timeOrNil(head.OutOfSyncSince), Run: head.Run, UpdatedAt: head.UpdatedAt, Error: head.Error,
		},
		Workspaces: []StatusWorkspace{},
	}
	approvals, err := c.Record.Approvals(ctx)
	if err != nil {
		return nil, err
	}
	for name := range holds { // a hold can exist before the workspace has a record
		if _, ok := records[name]; !ok {
			records[name] = state.Workspace{Name: name}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(records)) {
		w := statusOf(&c, records[name], holds, leases)
		for _, a := range approvals[name] {
			w.Approvals = append(w.Approvals, *a.Fact())
		}
		if w.Removed {
			w.OrphanedState = c.FindOrphanedState(records[name], run.OwnersOf(records))
		}
		st.Workspaces = append(st.Workspaces, w)
	}
	return st, nil
}

// StatusHold keeps passes from a workspace.
type StatusHold struct {
	Kind     state.HoldKind `json:"kind"`
	Reason   string         `json:"why"`
	Help     string         `json:"help,omitempty"` // the command that repairs it
	PlacedBy string         `json:"by"`
	PlacedAt time.Time      `json:"at"`
	// Snapshot is the commit whose snapshot was applied; "" for other holds.
	Snapshot commitid.ID `json:"snapshot,omitempty"`
}

func statusOf(c *run.Config, w state.Workspace, holds map[string]state.Hold, leases map[stateid.ID]state.LeaseItem) StatusWorkspace {
	s := StatusWorkspace{
		Name: w.Name, Path: w.Path, Commit: w.Commit, Outcome: w.Outcome, At: w.OutcomeAt, Error: w.Error, Digest: w.PlanDigest, Risk: w.Risk, Why: w.Why, Approval: w.Approval,
		RetryAt: timeOrNil(w.RetryAt), DependsOn: append([]string{}, w.DependsOn...), Removed: w.Removed, Identity: w.Identity, Changes: w.Changes, Trace: w.Trace,
	}
	if w.Removed { // an older version has left the last error there
		s.Error, s.RetryAt = "", nil
	}
	if a := w.Attempt; a != nil {
		s.Attempt = &StatusRun{Run: a.Run, Commit: a.Commit, Host: a.Process.Host, Since: a.StartedAt, Undone: w.IsUndone()}
	}
	if r := w.Rollout; r != nil {
		status := newRolloutStatus(w.Name, *r)
		s.Rollout = &status
	}
	if hold, ok := holds[w.Name]; ok {
		s.Hold = &StatusHold{Kind: hold.Kind, Reason: hold.Reason, Help: hold.Help, PlacedBy: hold.PlacedBy, PlacedAt: hold.PlacedAt, Snapshot: hold.Snapshot}
	}
	if l := leases[c.LeaseIdentity(w.Name, w.Identity)]; l.Owner != "" {
		s.Lease = &StatusLease{Run: l.Run, Host: l.Process.Host, PID: l.Process.PID, Since: l.AcquiredAt, Until: l.ExpiresAt}
	}
	if d := w.Drift; d != nil {
		drift := DriftNone
		if d.Found {
			drift, s.DriftChanges, s.DriftDigest, s.DriftRun, s.DriftWithheld = DriftFound, &d.Changes, d.PlanDigest, d.Run, d.Withheld
		}
		s.Drift, s.DriftAt = &drift, &d.CheckedAt
	}
	return s
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
