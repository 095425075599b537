package reconciler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"reconcile/reconciler/workspace"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// DoPreview is the other end of a preview that is made elsewhere: it plans, in
// this process, what the order in the parcel under key asks for, and puts its
// answer there. It needs no access to Git or Backlog, and reads the record
// only. What must not run before it is merged is refused here again, by the
// settings of the tip.
//
// The error is set when there is no order, or the answer could not be given.
func (r *Reconciler) DoPreview(ctx, hard context.Context, key string) ([]WorkspaceResult, error) {
	data, err := r.Parcels.ParcelFile(ctx, key, partOrder, mostOrder)
	if err != nil {
		return nil, fmt.Errorf("there is nothing to plan under this key: `reconcile preview` gives it away, no person does: %w", err)
	}
	var order previewOrder
	if err := json.Unmarshal(data, &order); err != nil {
		return nil, fmt.Errorf("the order under this key: %w", err)
	}
	answer := r.answer(ctx, hard, key, order)
	answer.short()
	if data, err = json.Marshal(answer); err != nil {
		return nil, err
	}
	own, cancel := ownDeadline(ctx)
	defer cancel()
	if err := insist(own, func() error { return r.Parcels.PutParcelFile(own, key, partAnswer, data) }); err != nil {
		return answer.Workspaces, fmt.Errorf("planned, but the preview that waits for it could not be told: %w", err)
	}
	for _, text := range []string{answer.Problem, answer.Error} {
		if text != "" {
			return answer.Workspaces, errors.New(text)
		}
	}
	return answer.Workspaces, nil
}

// answer carries the order out.
func (r *Reconciler) answer(ctx, hard context.Context, key string, order previewOrder) *previewAnswer {
	answer := &previewAnswer{}
	l, err := r.unpack(ctx, key, order)
	if err == nil {
		defer r.closing(l.commit)
		defer r.closing(l.merged.commit)
		ctx, cancel := context.WithTimeoutCause(ctx, longestAll*9/10, fmt.Errorf("the pull request took longer than %s", longestAll*9/10)) // the answer must come in time
		defer cancel()
		var planned func() ([]WorkspaceResult, error)
		if planned, err = l.plans(ctx, hard, r.begin(Options{Trigger: previewTrigger}), order.Workspaces); err == nil {
			answer.Workspaces, err = planned()
		}
		answer.Problem = l.preview.Error
	}
	if err != nil {
		answer.Error = err.Error()
	}
	return answer
}

// unpack is the look that the order was made from.
func (r *Reconciler) unpack(ctx context.Context, key string, order previewOrder) (*look, error) {
	head, err := r.readHead(ctx)
	if err != nil {
		return nil, err
	}
	tip, err := r.unpackTree(ctx, key, partTip, order.Tip, head)
	if err != nil {
		return nil, err
	}
	merged, err := r.unpackTree(ctx, key, partMerged, order.Merged, head)
	if err == nil {
		err = merged.known(order.Workspaces)
	}
	if err != nil {
		r.closing(tip.commit)
		return nil, err
	}
	return &look{work: tip, merged: merged, preview: &Preview{}, alone: true, todo: map[string]bool{}}, nil
}

func (r *Reconciler) unpackTree(ctx context.Context, key, part string, tree orderedTree, head state.Head) (w *work, err error) {
	commit, err := r.restore(ctx, tree.Commit, tree.Tree, tree.When, func(dir string, check snapshot.Check) error {
		return r.Parcels.FetchParcelTree(ctx, key, part, dir, check)
	})
	if err != nil {
		return nil, err
	}
	settings, err := workspace.LoadSettings(commit.Tree, r.Environment)
	if err == nil {
		w, err = r.survey(ctx, head, commit, settings)
	}
	if err != nil {
		r.closing(commit)
		return nil, fmt.Errorf("the %s tree: %w", part, err)
	}
	return w, nil
}
