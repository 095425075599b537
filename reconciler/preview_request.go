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

// PlanBundles is where the planning of a pull request is handed over, under a key
// that nobody else knows. *snapshot.Store is one.
type PlanBundles interface {
	PutBundleTree(ctx context.Context, key, part string, when time.Time, tree snapshot.Tree, objects []byte) error
	FetchBundleTree(ctx context.Context, key, part, dir string, check snapshot.TreeVerifier) error
	PutBundleFile(ctx context.Context, key, part string, data []byte) error
	BundleFile(ctx context.Context, key, part string, most int) ([]byte, error)
}

// planRequest is what a planner is told: which workspaces of the merged tree
// to plan. What may run it reads in the settings of the tip itself.
type planRequest struct {
	Tip        treeRef  `json:"tip"`
	Merged     treeRef  `json:"merged"`
	Workspaces []string `json:"workspaces"`
}

// treeRef is a tree of the parcel, and what else makes a commit of it.
type treeRef struct {
	Commit string    `json:"commit"`
	Tree   string    `json:"tree"`
	When   time.Time `json:"when"`
}

func treeRefOf(c *source.Commit) treeRef {
	return treeRef{Commit: c.ID, Tree: c.Tree.ID("."), When: c.When}
}

// Parts of a parcel. The planner writes the answer, and nothing else.
const (
	partTip      = "tip"
	partMerged   = "merged"
	partRequest  = "order"
	partResponse = "answer"
)

// maxRequest bounds what a planner reads as its order, in bytes.
const maxRequest = 16 << 20

// taskRetention is how long it is remembered that a planning was given away.
const taskRetention = 7 * 24 * time.Hour

// planRemotely has the workspaces planned by `reconcile plan-parcel KEY`, in
// a process that has neither our secrets nor our rights. It returns when that
// is started; what it returns waits for the results.
func (l *pullRequestPlan) planRemotely(ctx context.Context, run *run, names []string) (func() ([]WorkspaceResult, error), error) {
	var answer *planResponse
	e := &remoteTask{
		config: l.tip.config, tasks: l.tip.config.Record.PreviewRecord(), log: run.log.With("pull_request", l.preview.Number),
		start: func(ctx context.Context, task state.Task) (string, error) {
			if err := l.uploadRequest(ctx, task.Key, names); err != nil {
				return "", err
			}
			return l.tip.config.Executor.Start(ctx, task.Key, []string{"plan-parcel", task.Key})
		},
		poll: func(ctx context.Context, task *state.Task) (found bool, err error) {
			answer, err = l.fetchResponse(ctx, task.Key)
			return answer != nil, err
		},
		timeout: remotePlanTimeout,
	}
	if !l.force {
		e.retryAfter = retryFailedAfter
	}
	task, err := e.startOrFind(ctx, state.Task{
		Name: strconv.Itoa(l.preview.Number), Run: run.options.Run, Trigger: previewTrigger,
		Commit: l.tip.commit.ID, CommitTime: l.tip.commit.When, TreeID: l.merged.commit.Tree.ID("."), Generation: l.tip.head.Generation,
		Inputs: l.preview.Inputs, ExpiresAt: l.tip.config.Now().Add(taskRetention).Unix(),
	})
	if err != nil {
		return nil, err
	}
	await := async(func() (state.Task, error) { return e.wait(ctx, task) })
	return func() ([]WorkspaceResult, error) {
		task, err := await()
		if err != nil {
			return nil, err
		}
		over := task
		over.Done = true
		if err := e.tasks.PutTask(ctx, task, over); err != nil && !errors.Is(err, state.ErrConflict) {
			return nil, err
		}
		return l.validate(answer, names)
	}, nil
}

// uploadRequest puts together what the planner needs.
func (l *pullRequestPlan) uploadRequest(ctx context.Context, key string, names []string) error {
	order := planRequest{Tip: treeRefOf(l.tip.commit), Merged: treeRefOf(l.merged.commit), Workspaces: names}
	data, err := json.Marshal(order)
	if err != nil {
		return err
	}
	for part, commit := range map[string]*source.Commit{partTip: l.tip.commit, partMerged: l.merged.commit} {
		objects, err := commit.Objects(ctx)
		if err == nil {
			err = l.tip.config.PlanBundles.PutBundleTree(ctx, key, part, commit.When, commit.Tree, objects)
		}
		if err != nil {
			return err
		}
	}
	return l.tip.config.PlanBundles.PutBundleFile(ctx, key, partRequest, data)
}

// fetchResponse reads the planner's answer; nil: there is none yet. One that cannot
// be read is an answer too.
func (l *pullRequestPlan) fetchResponse(ctx context.Context, key string) (*planResponse, error) {
	data, err := l.tip.config.PlanBundles.BundleFile(ctx, key, partResponse, maxResponse)
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, snapshot.ErrTooLarge) {
		return nil, fmt.Errorf("the planner's answer: %w", err)
	}
	var answer planResponse
	if err == nil {
		err = json.Unmarshal(data, &answer)
	}
	if err != nil {
		return &planResponse{Error: "its answer cannot be read: " + err.Error()}, nil
	}
	return &answer, nil
}
