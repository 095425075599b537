package state

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
)

// Task is the work on one workspace that a pass has given to another process: a CodeBuild
// build or an ECS task. It holds all that this process needs to know, and receives the
// result. A workspace has one task at a time. A task gives no right to act; only the
// lease does. In PreviewRecord a task plans a pull request, and its process neither reads
// nor writes it.
type Task struct {
	Schema     int         `json:"schema"`
	Name       string      `json:"name"` // workspace name, or the pull request's number
	Key        string      `json:"key"`  // unique to each task: starting a task twice under one key starts it once
	Run        runid.ID    `json:"run"`  // of the pass that dispatched the task
	Trigger    string      `json:"trigger"`
	Commit     commitid.ID `json:"commit"`
	CommitTime time.Time   `json:"when"` // time of the commit
	TreeID     string      `json:"tree"` // id of the commit's tree, which the snapshot must match
	Generation int64       `json:"generation"`
	Replan     bool        `json:"replan,omitempty"`
	Adopt      bool        `json:"adopt,omitempty"`
	AtOnce     *AtOnce     `json:"at_once,omitempty"`
	Inputs     string      `json:"inputs,omitempty"` // of a preview: hash of its other inputs
	// FromSnapshot: a person asked for a stored snapshot, whatever the tip is, with the
	// variable files of Values on top.
	FromSnapshot bool     `json:"snapshot,omitempty"`
	Values       []string `json:"values,omitempty"`
	// NoTip is why the task is for the commit of a rollout, whatever the tip is; "": it is for the
	// tip.
	NoTip string `json:"no_tip,omitempty"`

	ID           string    `json:"id,omitempty"` // the executor's id; "": the task may not have been started
	DispatchedAt time.Time `json:"at"`
	TryCount     int       `json:"tries"` // tasks in a row, this one included, since the last that gave a result

	Done          bool         `json:"done"` // the fields below are set
	Result        RunWorkspace `json:"result"`
	Warnings      []string     `json:"warnings,omitempty"`
	TipMoved      bool         `json:"moved,omitempty"` // the tip had moved, so nothing was done
	InternalError bool         `json:"fault,omitempty"` // Result.Error is an internal error

	ExpiresAt int64 `json:"expires,omitempty"` // Unix seconds; 0: never
}

// AtOnce is a person's word to leave out the steps of a rollout.
type AtOnce struct {
	By  string `json:"by"`
	Why string `json:"why"`
}

// IsSameWork reports whether two tasks are the same work.
func (t Task) IsSameWork(other Task) bool {
	return t.Name == other.Name && t.Generation == other.Generation && t.Commit == other.Commit && t.TreeID == other.TreeID &&
		t.Replan == other.Replan && t.Adopt == other.Adopt && (t.AtOnce == nil) == (other.AtOnce == nil) && t.Inputs == other.Inputs &&
		t.FromSnapshot == other.FromSnapshot && t.NoTip == other.NoTip && slices.Equal(t.Values, other.Values)
}

// PreviewPartitionPrefix begins the partition of the tasks that plan pull requests.
const PreviewPartitionPrefix = "PREVIEW:"

// PreviewRecord returns the record of the tasks that plan pull requests. It is a
// partition of its own, so that the process that dispatches them need write nowhere else.
func (r *Record) PreviewRecord() *Record { return New(r.store, PreviewPartitionPrefix+r.name, r.opts) }

// Task returns the last task on a workspace; found reports whether there was one.
func (r *Record) Task(ctx context.Context, name string) (t Task, found bool, err error) {
	t, found, err = get[Task](ctx, r, r.key(taskPrefix+name))
	if err != nil {
		return t, false, fmt.Errorf("read the task on %s: %w", name, err)
	}
	return t, found, nil
}

// PutTask replaces old, which Task returned (the zero Task: there was none), with t. If
// the record holds another task by now, the error is ErrConflict.
func (r *Record) PutTask(ctx context.Context, old, t Task) error {
	t.Schema = Schema
	t.Result, t.Warnings = t.Result.truncateTexts(), truncateList(t.Warnings)
	cond := Cond{Absent: true}
	if old.Key != "" {
		cond = Cond{Equal: map[string]any{"key": old.Key, "done": old.Done}}
	}
	value, err := encode(t)
	if err != nil {
		return err
	}
	key := r.key(t.sortKey())
	if err := r.write(ctx, verifyStored[Task](r, key, value), Op{Key: key, If: cond, Put: value}); err != nil {
		return fmt.Errorf("record the task on %s: %w", t.Name, err)
	}
	return nil
}
