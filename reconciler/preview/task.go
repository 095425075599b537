package preview

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// RunPlan runs in the remote process of a preview: it plans what the request under key
// asks for, and stores the response. It needs no access to Git or Backlog, and only
// reads the record. It checks the policy again, with the settings of the tip.
//
// It returns an error if there is no request, or if the response could not be stored.
func (p *Previewer) RunPlan(ctx, killCtx context.Context, key string) ([]run.WorkspaceResult, error) {
	data, err := p.config.PlanBundles.BundleFile(ctx, key, partRequest, maxRequest)
	if err != nil {
		return nil, fmt.Errorf("there is no plan request under this key; only `reconcile preview` runs this command: %w", err)
	}
	var request planRequest
	if err := json.Unmarshal(data, &request); err != nil {
		return nil, fmt.Errorf("the plan request under this key: %w", err)
	}
	response := executePlan(ctx, killCtx, &p.config, key, request)
	response.noteWaiting()
	response.truncate()
	if data, err = json.Marshal(response); err != nil {
		return nil, err
	}
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(own, func() error { return p.config.PlanBundles.PutBundleFile(own, key, partResponse, data) }); err != nil {
		return response.Workspaces, fmt.Errorf("planned, but the response could not be stored for the preview that waits for it: %w", err)
	}
	for _, text := range []string{response.Problem, response.Error} {
		if text != "" {
			return response.Workspaces, errors.New(text)
		}
	}
	return response.Workspaces, nil
}

func executePlan(ctx, killCtx context.Context, c *run.Config, key string, request planRequest) *planResponse {
	response := &planResponse{}
	p, err := loadRequest(ctx, c, key, request)
	if err == nil {
		defer c.CloseCommit(p.tip.Commit)
		defer c.CloseCommit(p.merged.Commit)
		ctx, cancel := context.WithTimeoutCause(ctx, remotePlanTimeout*9/10, fmt.Errorf("the pull request took longer than %s", remotePlanTimeout*9/10)) // so that the response arrives before remotePlanTimeout
		defer cancel()
		response.Workspaces, err = p.planWorkspaces(ctx, killCtx, run.New(c, run.Options{Trigger: trigger}), request.Workspaces)
		response.Problem = p.preview.Error
	}
	if err != nil {
		response.Error = err.Error()
	}
	return response
}

// loadRequest rebuilds the analyzed pull request from the bundle.
func loadRequest(ctx context.Context, c *run.Config, key string, request planRequest) (*pullRequestPlan, error) {
	head, err := c.ReadHead(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := loadTree(ctx, c, key, partTip, request.Tip, head)
	if err != nil {
		return nil, err
	}
	merged, err := loadTree(ctx, c, key, partMerged, request.Merged, head)
	if err == nil {
		err = merged.CheckNames(request.Workspaces)
	}
	if err != nil {
		c.CloseCommit(tip.Commit)
		return nil, err
	}
	return &pullRequestPlan{tip: tip, merged: merged, preview: &Preview{}, alone: true, stale: map[string]bool{}}, nil
}

func loadTree(ctx context.Context, c *run.Config, key, part string, tree treeRef, head state.Head) (workspaces *inventory.Inventory, err error) {
	commit, err := c.CommitFromSnapshot(ctx, tree.Commit, tree.Tree, tree.CommittedAt, func(dir string, check snapshot.TreeVerifier) error {
		return c.PlanBundles.FetchBundleTree(ctx, key, part, dir, check)
	})
	if err != nil {
		return nil, err
	}
	settings, err := settings.Load(commit.Tree, c.Environment)
	if err == nil {
		workspaces, err = inventory.Discover(ctx, c, head, commit, settings)
	}
	if err != nil {
		c.CloseCommit(commit)
		return nil, fmt.Errorf("the %s tree: %w", part, err)
	}
	return workspaces, nil
}
