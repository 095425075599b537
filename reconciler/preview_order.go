package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// Parcels is where the planning of a pull request is handed over, under a key
// that nobody else knows. *snapshot.Store is one.
type Parcels interface {
	PutParcelTree(ctx context.Context, key, part string, when time.Time, tree snapshot.Tree, objects []byte) error
	FetchParcelTree(ctx context.Context, key, part, dir string, check snapshot.Check) error
	PutParcelFile(ctx context.Context, key, part string, data []byte) error
	ParcelFile(ctx context.Context, key, part string, most int) ([]byte, error)
}

// previewOrder is what a planner is told: which workspaces of the merged tree
// to plan. What may run it reads in the settings of the tip itself.
type previewOrder struct {
	Tip        orderedTree `json:"tip"`
	Merged     orderedTree `json:"merged"`
	Workspaces []string    `json:"workspaces"`
}

// orderedTree is a tree of the parcel, and what else makes a commit of it.
type orderedTree struct {
	Commit string    `json:"commit"`
	Tree   string    `json:"tree"`
	When   time.Time `json:"when"`
}

func ordered(c *source.Commit) orderedTree {
	return orderedTree{Commit: c.ID, Tree: c.Tree.ID("."), When: c.When}
}

// Parts of a parcel. The planner writes the answer, and nothing else.
const (
	partTip    = "tip"
	partMerged = "merged"
	partOrder  = "order"
	partAnswer = "answer"
)

// mostOrder bounds what a planner reads as its order, in bytes.
const mostOrder = 16 << 20

// kept is how long it is remembered that a planning was given away.
const kept = 7 * 24 * time.Hour

// planElsewhere has the workspaces planned by `reconcile plan-parcel KEY`, in
// a process that has neither our secrets nor our rights. It returns when that
// is started; what it returns waits for the results.
func (l *look) planElsewhere(ctx context.Context, p *pass, names []string) (func() ([]WorkspaceResult, error), error) {
	var answer *previewAnswer
	e := &errand{
		Reconciler: l.Reconciler, ledger: l.Record.Previews(), log: p.log.With("pull_request", l.preview.Number),
		start: func(ctx context.Context, task state.Task) (string, error) {
			if err := l.pack(ctx, task.Key, names); err != nil {
				return "", err
			}
			return l.Executor.Start(ctx, task.Key, []string{"plan-parcel", task.Key})
		},
		done: func(ctx context.Context, task *state.Task) (found bool, err error) {
			answer, err = l.answered(ctx, task.Key)
			return answer != nil, err
		},
		longest: longestAll,
	}
	if !l.insist {
		e.again = tryAgain
	}
	task, err := e.entrust(ctx, state.Task{
		Name: strconv.Itoa(l.preview.Number), Run: p.options.Run, Trigger: previewTrigger,
		Commit: l.commit.ID, When: l.commit.When, Tree: l.merged.commit.Tree.ID("."), Generation: l.head.Generation,
		Inputs: l.preview.Inputs, Expires: l.Now().Add(kept).Unix(),
	})
	if err != nil {
		return nil, err
	}
	await := beside(func() (state.Task, error) { return e.await(ctx, task) })
	return func() ([]WorkspaceResult, error) {
		task, err := await()
		if err != nil {
			return nil, err
		}
		over := task
		over.Done = true
		if err := e.ledger.PutTask(ctx, task, over); err != nil && !errors.Is(err, state.ErrConflict) {
			return nil, err
		}
		return l.take(answer, names)
	}, nil
}

// pack puts together what the planner needs.
func (l *look) pack(ctx context.Context, key string, names []string) error {
	order := previewOrder{Tip: ordered(l.commit), Merged: ordered(l.merged.commit), Workspaces: names}
	data, err := json.Marshal(order)
	if err != nil {
		return err
	}
	for part, commit := range map[string]*source.Commit{partTip: l.commit, partMerged: l.merged.commit} {
		objects, err := commit.Objects(ctx)
		if err == nil {
			err = l.Parcels.PutParcelTree(ctx, key, part, commit.When, commit.Tree, objects)
		}
		if err != nil {
			return err
		}
	}
	return l.Parcels.PutParcelFile(ctx, key, partOrder, data)
}

// answered reads the planner's answer; nil: there is none yet. One that cannot
// be read is an answer too.
func (l *look) answered(ctx context.Context, key string) (*previewAnswer, error) {
	data, err := l.Parcels.ParcelFile(ctx, key, partAnswer, mostAnswer)
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, snapshot.ErrTooLarge) {
		return nil, fmt.Errorf("the planner's answer: %w", err)
	}
	var answer previewAnswer
	if err == nil {
		err = json.Unmarshal(data, &answer)
	}
	if err != nil {
		return &previewAnswer{Error: "its answer cannot be read: " + err.Error()}, nil
	}
	return &answer, nil
}
