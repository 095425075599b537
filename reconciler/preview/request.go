package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"reconcile/internal/commitid"
	"reconcile/reconciler/internal/remote"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// planRequest is the request to a planner: the workspaces of the merged tree to plan.
// The planner reads the policy from the settings of the tip itself.
type planRequest struct {
	Tip        treeRef  `json:"tip"`
	Merged     treeRef  `json:"merged"`
	Workspaces []string `json:"workspaces"`
}

// treeRef identifies a tree of the bundle, with the data that make it a commit.
type treeRef struct {
	Commit      commitid.ID `json:"commit"`
	Tree        string      `json:"tree"`
	CommittedAt time.Time   `json:"when"`
}

func treeRefOf(c *source.Commit) treeRef {
	return treeRef{Commit: c.ID, Tree: c.Tree.ID("."), CommittedAt: c.CommittedAt}
}

// Parts of a bundle. The planner writes only the response.
const (
	partTip      = "tip"
	partMerged   = "merged"
	partRequest  = "order"
	partResponse = "answer"
)

// maxRequest limits the request that a planner reads, in bytes.
const maxRequest = 16 << 20

// taskRetention is how long the record of a remote plan is stored.
const taskRetention = 7 * 24 * time.Hour

// planRemotely plans with `reconcile worker plan KEY`, in a process that has neither
// our secrets nor our permissions, and waits for the results.
func (p *pullRequestPlan) planRemotely(ctx context.Context, thisRun *run.Run, names []string) ([]run.WorkspaceResult, error) {
	var response *planResponse
	runner := &remote.Runner{
		Config: p.tip.Config, Tasks: p.tip.Config.Record.PreviewRecord(), Log: thisRun.Log.With("pull_request", p.preview.Number),
		Start: func(ctx context.Context, task state.Task) (string, error) {
			if err := p.uploadRequest(ctx, task.Key, names); err != nil {
				return "", err
			}
			return p.tip.Config.Executor.Start(ctx, task.Key, []string{"worker", "plan", task.Key})
		},
		Poll: func(ctx context.Context, task *state.Task) (found bool, err error) {
			response, err = p.fetchResponse(ctx, task.Key)
			return response != nil, err
		},
		Timeout: remotePlanTimeout,
	}
	if !p.force {
		runner.RetryAfter = retryFailedAfter
	}
	task, err := runner.Run(ctx, state.Task{
		Name: strconv.Itoa(p.preview.Number), Run: thisRun.Options.Run, Trigger: trigger,
		Commit: p.tip.Commit.ID, CommitTime: p.tip.Commit.CommittedAt, TreeID: p.merged.Commit.Tree.ID("."), Generation: p.tip.Head.Generation,
		Inputs: p.preview.Inputs, ExpiresAt: p.tip.Config.Now().Add(taskRetention).Unix(),
	})
	if err != nil {
		return nil, err
	}
	done := task
	done.Done = true
	if err := runner.Tasks.PutTask(ctx, task, done); err != nil && !errors.Is(err, state.ErrConflict) {
		return nil, err
	}
	return p.validate(response, names)
}

func (p *pullRequestPlan) uploadRequest(ctx context.Context, key string, names []string) error {
	request := planRequest{Tip: treeRefOf(p.tip.Commit), Merged: treeRefOf(p.merged.Commit), Workspaces: names}
	data, err := json.Marshal(request)
	if err != nil {
		return err
	}
	for part, commit := range map[string]*source.Commit{partTip: p.tip.Commit, partMerged: p.merged.Commit} {
		objects, err := commit.Objects(ctx)
		if err == nil {
			err = p.tip.Config.PlanBundles.PutBundleTree(ctx, key, part, commit.CommittedAt, commit.Tree, objects)
		}
		if err != nil {
			return err
		}
	}
	return p.tip.Config.PlanBundles.PutBundleFile(ctx, key, partRequest, data)
}

// fetchResponse reads the planner's response; nil if there is none yet. An unreadable
// response counts as one with an error.
func (p *pullRequestPlan) fetchResponse(ctx context.Context, key string) (*planResponse, error) {
	data, err := p.tip.Config.PlanBundles.BundleFile(ctx, key, partResponse, maxResponse)
	if errors.Is(err, snapshot.ErrNotFound) {
		return nil, nil
	}
	if err != nil && !errors.Is(err, snapshot.ErrTooLarge) {
		return nil, fmt.Errorf("read the planner's response: %w", err)
	}
	var response planResponse
	if err == nil {
		err = json.Unmarshal(data, &response)
	}
	if err != nil {
		return &planResponse{Error: "its response cannot be read: " + err.Error()}, nil
	}
	return &response, nil
}
