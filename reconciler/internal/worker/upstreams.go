package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/shell"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// collectSensitiveValues returns the hashes of sensitive upstream outputs, which a plan must not
// print. Some cannot be recognized: those recorded under another digest key, those of an apply
// that has not succeeded yet, and those of a state without a record that is trusted.
func collectSensitiveValues(ctx context.Context, workspaces *inventory.Inventory, ups inventory.UpstreamRecords) (terraform.Fingerprints, error) {
	var hidden terraform.Fingerprints
	for name, rec := range ups {
		if workspaces.HasUncertainOutputs(rec) || rec.OutputsDigest == "" {
			hidden.Uncertain = append(hidden.Uncertain, name)
		}
		if known, err := addSensitiveHashes(ctx, workspaces, &hidden, rec); err != nil {
			return hidden, err
		} else if !known {
			return hidden, fmt.Errorf("the sensitive outputs of %s were recorded under another digest key, so a plan could print them: run `reconcile now --replan %s` first", name, shell.Quote(name))
		}
	}
	return hidden, nil
}

// addSensitiveHashes adds the hashes of a workspace's sensitive outputs; known is false if they were
// recorded under another digest key.
func addSensitiveHashes(ctx context.Context, workspaces *inventory.Inventory, hidden *terraform.Fingerprints, rec state.Workspace) (known bool, err error) {
	if len(rec.SensitiveHashes) == 0 {
		return true, nil
	}
	id, key, err := workspaces.Config.DigestKey(ctx)
	if err != nil {
		return false, fmt.Errorf("digest key: %w", err)
	}
	if !strings.HasPrefix(rec.OutputsDigest, id+":") {
		return false, nil
	}
	hidden.Key, hidden.Sums = key, append(hidden.Sums, rec.SensitiveHashes...)
	return true, nil
}

// addFormerUpstreams adds what a workspace may have read, or still reads, of workspaces that are no
// upstreams of it any more.
func addFormerUpstreams(ctx context.Context, workspaces *inventory.Inventory, hidden *terraform.Fingerprints, entry *inventory.Entry, rec state.Workspace) error {
	for name, hasMoved := range workspaces.FormerUpstreams(entry, rec) {
		former, _, err := workspaces.Config.Record.Workspace(ctx, name)
		if err != nil {
			return fmt.Errorf("read the record of %s, a former upstream of %s: %w", name, entry.Dir.Name, err)
		}
		known, err := addSensitiveHashes(ctx, workspaces, hidden, former)
		if err != nil {
			return err
		}
		if hasMoved || !known || workspaces.HasUncertainOutputs(former) || former.OutputsDigest == "" {
			hidden.Former = append(hidden.Former, name)
		}
	}
	return nil
}

// collectSensitive returns what Terraform must not print of other workspaces' outputs.
func collectSensitive(ctx context.Context, workspaces *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, ups inventory.UpstreamRecords) (terraform.Fingerprints, error) {
	hidden, err := collectSensitiveValues(ctx, workspaces, ups)
	if err == nil {
		err = addFormerUpstreams(ctx, workspaces, &hidden, entry, rec)
	}
	return hidden, err
}

// collectSensitiveNow returns a function that does what collectSensitive does, after
// Terraform has read the upstreams' states. An upstream that was applied since its record was read
// before may have had any outputs in between.
func collectSensitiveNow(r *run.Run, workspaces *inventory.Inventory, entry *inventory.Entry, rec state.Workspace, before inventory.UpstreamRecords) func(context.Context) terraform.Fingerprints {
	return func(ctx context.Context) (hidden terraform.Fingerprints) {
		ctx, cancel := run.CleanupContext(ctx)
		defer cancel()
		now, err := workspaces.ReadUpstreams(ctx, entry.Dir.Name)
		if err == nil {
			hidden, err = collectSensitive(ctx, workspaces, entry, rec, now)
		}
		if err != nil {
			r.Log.Warn("all that was read from upstreams is hidden, since it is not known what of it is sensitive", "workspace", entry.Dir.Name, "error", err)
			hidden.Uncertain = workspaces.Graph.DependsOn(entry.Dir.Name)
			hidden.Former = slices.Collect(maps.Keys(workspaces.FormerUpstreams(entry, rec)))
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
