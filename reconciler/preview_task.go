package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

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
func (r *Reconciler) RunPlan(ctx, killCtx context.Context, key string) ([]run.WorkspaceResult, error) {
	data, err := r.config.PlanBundles.BundleFile(ctx, key, partRequest, maxRequest)
	if err != nil {
		return nil, fmt.Errorf("there is no plan request under this key; only `reconcile preview` runs this command: %w", err)
	}
	var order planRequest
	if err := json.Unmarshal(data, &order); err != nil {
		return nil, fmt.Errorf("the plan request under this key: %w", err)
	}
	answer := r.executePlan(ctx, killCtx, key, order)
	answer.truncate()
	if data, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	own, cancel := run.CleanupContext(ctx)
	defer cancel()
	if err := run.RetryWrite(own, func() error { return r.config.PlanBundles.PutBundleFile(own, key, partResponse, data) }); err != nil {
		return answer.Workspaces, fmt.Errorf("planned, but the response could not be stored for the preview that waits for it: %w", err)
	}
	for _, text := range []string{answer.Problem, answer.Error} {
		if text != "" {
			return answer.Workspaces, errors.New(text)
		}
	}
	return answer.Workspaces, nil
}

func (r *Reconciler) executePlan(ctx, killCtx context.Context, key string, order planRequest) *planResponse {
	answer := &planResponse{}
	l, err := r.loadRequest(ctx, key, order)
	if err == nil {
		defer r.config.CloseCommit(l.tip.commit)
		defer r.config.CloseCommit(l.merged.commit)
		ctx, cancel := context.WithTimeoutCause(ctx, remotePlanTimeout*9/10, fmt.Errorf("the pull request took longer than %s", remotePlanTimeout*9/10)) // so that the response arrives before remotePlanTimeout
		defer cancel()
		answer.Workspaces, err = l.planWorkspaces(ctx, killCtx, run.New(&r.config, run.Options{Trigger: previewTrigger}), order.Workspaces)
		answer.Problem = l.preview.Error
	}
	if err != nil {
		answer.Error = err.Error()
	}
	return answer
}

// loadRequest rebuilds the analyzed pull request from the bundle.
func (r *Reconciler) loadRequest(ctx context.Context, key string, order planRequest) (*pullRequestPlan, error) {
	head, err := r.config.ReadHead(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := r.loadTree(ctx, key, partTip, order.Tip, head)
	if err != nil {
		return nil, err
	}
	merged, err := r.loadTree(ctx, key, partMerged, order.Merged, head)
	if err == nil {
		err = merged.checkNames(order.Workspaces)
	}
	if err != nil {
		r.config.CloseCommit(tip.commit)
		return nil, err
	}
	return &pullRequestPlan{tip: tip, merged: merged, preview: &Preview{}, alone: true, stale: map[string]bool{}}, nil
}

func (r *Reconciler) loadTree(ctx context.Context, key, part string, tree treeRef, head state.Head) (w *inventory, err error) {
	commit, err := commitFromSnapshot(ctx, &r.config, tree.Commit, tree.Tree, tree.When, func(dir string, check snapshot.TreeVerifier) error {
		return r.config.PlanBundles.FetchBundleTree(ctx, key, part, dir, check)
	})
	if err != nil {
		return nil, err
	}
	settings, err := settings.Load(commit.Tree, r.config.Environment)
	if err == nil {
		w, err = discover(ctx, &r.config, head, commit, settings)
	}
	if err != nil {
		r.config.CloseCommit(commit)
		return nil, fmt.Errorf("the %s tree: %w", part, err)
	}
	return w, nil
}
