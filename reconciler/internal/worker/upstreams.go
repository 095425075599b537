package worker

import (
	"context"
	"fmt"
	"strings"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
)

// collectSensitiveValues returns the hashes of sensitive upstream outputs, which a plan
// must not print. Values recorded under another digest key cannot be recognized, and there may
// be others that no record has: an apply that has begun writes outputs before it has succeeded.
func collectSensitiveValues(ctx context.Context, c *run.Config, ups inventory.UpstreamRecords) (terraform.Fingerprints, error) {
	var hidden terraform.Fingerprints
	for name, rec := range ups {
		hidden.Incomplete = hidden.Incomplete || rec.Attempt != nil || rec.OutputsUnknown
		if len(rec.SensitiveHashes) == 0 {
			continue
		}
		id, key, err := c.DigestKey(ctx)
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

// invalidateChangedUpstreams makes the recorded inputs stale for every upstream that
// was applied (even partly) or distrusted while this workspace ran, or whose state is not
// the recorded one. We cannot know which outputs it read, even if they are the same again.
func (v *workspaceRun) invalidateChangedUpstreams(ctx context.Context) error {
	now, err := v.inventory.ReadUpstreams(ctx, v.entry.Dir.Name)
	if err != nil {
		return err
	}
	for up, rec := range now {
		then := v.upstreamsBefore[up]
		if rec.ApplyCount != then.ApplyCount || v.inventory.HasUncertainOutputs(then) || v.inventory.HasUncertainOutputs(rec) {
			v.trace[inventory.KeyUpstream+up] = inventory.AppliedMeanwhile
		}
	}
	return nil
}
