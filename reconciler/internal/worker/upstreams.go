package worker

import (
	"context"
	"fmt"
	"strings"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
)

// collectSensitiveValues returns the hashes of sensitive upstream outputs, which a plan must not
// print. Some cannot be recognized: those recorded under another digest key, those of an apply
// that has not succeeded yet, and those of a state without a record that is trusted.
func collectSensitiveValues(ctx context.Context, w *inventory.Inventory, ups inventory.UpstreamRecords) (terraform.Fingerprints, error) {
	var hidden terraform.Fingerprints
	for name, rec := range ups {
		if w.HasUncertainOutputs(rec) || rec.OutputsDigest == "" {
			hidden.Uncertain = append(hidden.Uncertain, name)
		}
		if len(rec.SensitiveHashes) == 0 {
			continue
		}
		id, key, err := w.Config.DigestKey(ctx)
		if err != nil {
			return hidden, fmt.Errorf("digest key: %w", err)
		}
		if !strings.HasPrefix(rec.OutputsDigest, id+":") {
			return hidden, fmt.Errorf("the sensitive outputs of %s were recorded under another digest key, so a plan could print them: run `reconcile now --replan %s` first", name, name)
		}
		hidden.Key = key
		hidden.Sums = append(hidden.Sums, rec.SensitiveHashes...)
	}
	return hidden, nil
}

// collectSensitiveNow returns a function that does what collectSensitiveValues does, after
// Terraform has read the upstreams' states. An upstream that was applied since its record was read
// before may have had any outputs in between.
func collectSensitiveNow(r *run.Run, w *inventory.Inventory, name string, before inventory.UpstreamRecords) func(context.Context) terraform.Fingerprints {
	return func(ctx context.Context) (hidden terraform.Fingerprints) {
		ctx, cancel := run.CleanupContext(ctx)
		defer cancel()
		now, err := w.ReadUpstreams(ctx, name)
		if err == nil {
			hidden, err = collectSensitiveValues(ctx, w, now)
		}
		if err != nil {
			r.Log.Warn("all that was read from upstreams is hidden, since it is not known what of it is sensitive", "workspace", name, "error", err)
			hidden.Uncertain = w.Graph.DependsOn(name)
			return hidden
		}
		for up, rec := range now {
			if rec.ApplyCount != before[up].ApplyCount {
				hidden.Uncertain = append(hidden.Uncertain, up)
			}
		}
		return hidden
	}
}

// invalidateChangedUpstreams makes the recorded inputs stale for every upstream that
// was applied (even partly) or distrusted while this workspace ran, or whose state is not
// the recorded one. We cannot know which outputs it read, even if they are the same again.
func (wr *workspaceRun) invalidateChangedUpstreams(ctx context.Context) error {
	now, err := wr.inventory.ReadUpstreams(ctx, wr.entry.Dir.Name)
	if err != nil {
		return err
	}
	for up, rec := range now {
		then := wr.upstreamsBefore[up]
		if rec.ApplyCount != then.ApplyCount || wr.inventory.HasUncertainOutputs(then) || wr.inventory.HasUncertainOutputs(rec) {
			wr.trace[inventory.KeyUpstream+up] = inventory.AppliedMeanwhile
		}
	}
	return nil
}
