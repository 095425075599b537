package reconciler

import (
	"context"
	"fmt"
	"strings"

	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// upstreamRecords holds the records of a workspace's upstreams, read at one time.
type upstreamRecords map[string]state.Workspace

func (s *checkout) readUpstreams(ctx context.Context, name string) (upstreamRecords, error) {
	ups := upstreamRecords{}
	for _, up := range s.inventory.graph.DependsOn(name) {
		rec, _, err := s.config.Record.Workspace(ctx, up)
		if err != nil {
			return nil, fmt.Errorf("read the record of %s, upstream of %s: %w", up, name, err)
		}
		ups[up] = rec
	}
	return ups, nil
}

// upstreamsOf returns the upstreams' records as the inventory knows them.
func (w *inventory) upstreamsOf(name string) upstreamRecords {
	ups := upstreamRecords{}
	for _, up := range w.graph.DependsOn(name) {
		ups[up] = w.entries[up].record
	}
	return ups
}

func (u upstreamRecords) digests() map[string]string {
	digests := map[string]string{}
	for name, rec := range u {
		digests[name] = outputsID(rec)
	}
	return digests
}

// collectSensitiveValues returns the hashes of sensitive upstream outputs, which a plan
// must not print. Values recorded under another digest key cannot be recognized.
func (s *checkout) collectSensitiveValues(ctx context.Context, ups upstreamRecords) (terraform.Fingerprints, error) {
	var hidden terraform.Fingerprints
	for name, rec := range ups {
		if len(rec.SensitiveHashes) == 0 {
			continue
		}
		id, key, err := s.config.DigestKey(ctx)
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
// was applied (even partly) or distrusted while this workspace ran. We cannot know
// which outputs it read, even if they are the same again.
func (v *workspaceRun) invalidateChangedUpstreams(ctx context.Context) error {
	now, err := v.checkout.readUpstreams(ctx, v.entry.dir.Name)
	if err != nil {
		return err
	}
	for up, rec := range now {
		then := v.upstreamsBefore[up]
		moved := rec.ApplyCount != then.ApplyCount || rec.Attempt != nil || then.Attempt != nil
		if moved || then.Epoch != v.checkout.inventory.head.Epoch {
			v.trace[keyUpstream+up] = "applied meanwhile"
		}
	}
	return nil
}
