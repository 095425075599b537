package inventory

import (
	"context"
	"fmt"

	"reconcile/state"
)

// UpstreamRecords holds the records of a workspace's upstreams, read at one time.
type UpstreamRecords map[string]state.Workspace

// ReadUpstreams reads the records of a workspace's upstreams.
func (w *Inventory) ReadUpstreams(ctx context.Context, name string) (UpstreamRecords, error) {
	ups := UpstreamRecords{}
	for _, up := range w.Graph.DependsOn(name) {
		rec, _, err := w.Config.Record.Workspace(ctx, up)
		if err != nil {
			return nil, fmt.Errorf("read the record of %s, upstream of %s: %w", up, name, err)
		}
		ups[up] = rec
	}
	return ups, nil
}

// UpstreamsOf returns the upstreams' records as the inventory knows them.
func (w *Inventory) UpstreamsOf(name string) UpstreamRecords {
	ups := UpstreamRecords{}
	for _, up := range w.Graph.DependsOn(name) {
		ups[up] = w.Entries[up].Record
	}
	return ups
}

// HasUnknown reports whether the outputs of an upstream are not known. What a reader has planned
// with them is planned again, since nothing shows when they are the recorded ones again.
func (u UpstreamRecords) HasUnknown() bool {
	for _, rec := range u {
		if rec.OutputsUnknown {
			return true
		}
	}
	return false
}

// HasUncertainOutputs reports whether what readers of an upstream read may be other outputs than
// its record has: an apply of it did not end well, or its plan found another state.
func (w *Inventory) HasUncertainOutputs(upstream state.Workspace) bool {
	return upstream.Attempt != nil || upstream.OutputsUnknown || upstream.Epoch != w.Head.Epoch
}

// Digests returns the values of the outputs in a reader's trace, by upstream.
func (u UpstreamRecords) Digests() map[string]string {
	digests := map[string]string{}
	for name, rec := range u {
		digests[name] = outputsID(rec)
	}
	return digests
}
