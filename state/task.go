package state

import (
	"context"
	"fmt"
	"time"
)

// Task is the work on one workspace that a pass has given to another process:
// a build of CodeBuild or a task of ECS. It says all that this process needs
// to know, and takes what came of it. A workspace has one at a time; it is no
// right to act, which the lease alone is. In the record of Previews it is the
// planning of a pull request, and its process neither reads nor writes it.
type Task struct {
	Schema     int       `json:"schema"`
	Name       string    `json:"name"` // of the workspace, or the pull request's number
	Key        string    `json:"key"`  // unique to each task: who starts it twice, under one key, starts it once
	Run        string    `json:"run"`  // of the pass that gave it away
	Trigger    string    `json:"trigger"`
	Commit     string    `json:"commit"`
	CommitTime time.Time `json:"when"` // the commit was made
	TreeID     string    `json:"tree"` // id of the commit's tree: what the snapshot must be
	Generation int64     `json:"generation"`
	Replan     bool      `json:"replan,omitempty"`
	Adopt      bool      `json:"adopt,omitempty"`
	Inputs     string    `json:"inputs,omitempty"` // of a preview: what else its plans are of

	ID           string    `json:"id,omitempty"` // what the executor calls it; "": it may not have been started
	DispatchedAt time.Time `json:"at"`           // given away
	TryCount     int       `json:"tries"`        // tasks in a row, this one included, up to the last that came to an end

	Done          bool         `json:"done"` // what follows is set
	Result        RunWorkspace `json:"result"`
	Warnings      []string     `json:"warnings,omitempty"`
	TipMoved      bool         `json:"moved,omitempty"` // the tip had moved: nothing was done
	InternalError bool         `json:"fault,omitempty"` // Result.Error is a fault of ours

	ExpiresAt int64 `json:"expires,omitempty"` // Unix seconds; 0: never
}

// IsSameWork tells whether two tasks are the same work.
func (t Task) IsSameWork(other Task) bool {
	return t.Name == other.Name && t.Generation == other.Generation && t.Commit == other.Commit && t.TreeID == other.TreeID &&
		t.Replan == other.Replan && t.Adopt == other.Adopt && t.Inputs == other.Inputs
}

// PreviewPartitionPrefix begins the partition of the tasks that plan pull requests.
const PreviewPartitionPrefix = "PREVIEW:"

// PreviewRecord is where the tasks that plan pull requests are written down: a
// partition of its own, so that who gives them away need write nowhere else.
func (r *Record) PreviewRecord() *Record { return New(r.store, PreviewPartitionPrefix+r.name, r.opts) }

// Task returns the last task on a workspace; found is false if there was none.
func (r *Record) Task(ctx context.Context, name string) (t Task, found bool, err error) {
	t, found, err = get[Task](ctx, r, r.key(taskPrefix+name))
	if err != nil {
		return t, false, fmt.Errorf("read the task on %s: %w", name, err)
	}
	return t, found, nil
}

// PutTask records a task in place of old, which is what Task returned (the
// zero Task: there was none). The error is ErrConflict when there is another
// one by now.
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
