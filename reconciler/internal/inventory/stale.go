package inventory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/state"
)

// Keys of a trace that are not paths.
const (
	keyEnv      = "//env"
	KeyUpstream = "//upstream/"
	keyProduct  = "//product" // only if it is not Terraform
)

// OwnReasons returns which inputs of its own differ from the trace of rec, or why that
// trace is not valid. It does not parse the workspace.
func (w *Inventory) OwnReasons(entry *Entry, rec state.Workspace) []string {
	if rec.Trace == nil && rec.Attempt == nil || rec.Removed {
		return []string{gitpath.Quote(entry.Dir.Path)}
	}
	var reasons []string
	if rec.Attempt != nil {
		reasons = append(reasons, fmt.Sprintf("interrupted apply of %s", rec.Attempt.ShortCommit()))
	}
	if rec.Trace == nil {
		return reasons
	}
	if entry.refused {
		reasons = append(reasons, "dependencies")
	}
	if rec.Epoch != w.Head.Epoch {
		reasons = append(reasons, "distrusted record")
	}
	if _, ok := rec.Trace[gitpath.Quote(entry.Dir.Path)]; !ok { // renamed, and not applied since
		reasons = append(reasons, gitpath.Quote(entry.Dir.Path))
	}
	reasons = append(reasons, workspace.StalePaths(w.Commit.Tree, rec.Trace)...)
	reasons = append(reasons, workspace.StaleInputs(entry.Config, rec.Trace)...)
	if rec.Trace[keyEnv] != entry.env {
		reasons = append(reasons, "environment")
	}
	if rec.Trace[keyProduct] != w.productID() {
		reasons = append(reasons, "Terraform or OpenTofu")
	}
	return reasons
}

// productID returns the product's value in a trace: each product reads files that the
// other does not.
func (w *Inventory) productID() string {
	if w.Product == repotree.Terraform {
		return ""
	}
	return string(w.Product)
}

// UpstreamReasons returns the upstreams whose outputs differ from those in a trace.
func (w *Inventory) UpstreamReasons(name string, trace state.Trace, digests map[string]string) []string {
	var reasons []string
	upstreams := w.Graph.DependsOn(name)
	for _, up := range upstreams {
		if trace[KeyUpstream+up] != digests[up] {
			reasons = append(reasons, "upstream "+up)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(trace)) {
		up, ok := strings.CutPrefix(key, KeyUpstream)
		if ok && !slices.Contains(upstreams, up) && w.missedOutputs(up, trace[key]) {
			reasons = append(reasons, "former upstream "+up)
		}
	}
	return reasons
}

// missedOutputs reports whether a former upstream may have had other outputs at its end
// than those in a reader's trace. Only its record can show that.
func (w *Inventory) missedOutputs(upstream, outputs string) bool {
	rec, known := w.Records[upstream]
	return known && (rec.Attempt != nil || outputsID(rec) != outputs)
}

// UpstreamDigests returns the values for the outputs of a workspace's upstreams in its trace,
// as the inventory knows them, by upstream.
func (w *Inventory) UpstreamDigests(name string) map[string]string {
	return w.UpstreamsOf(name).Digests()
}

// outputsID returns the value for an upstream's outputs in a reader's trace.
func outputsID(upstream state.Workspace) string {
	if upstream.OutputsDigest == "" {
		return "none"
	}
	return upstream.OutputsDigest
}

// StaleReasons returns why an entry is stale; none if it is not.
func (w *Inventory) StaleReasons(entry *Entry) []string {
	reasons := entry.OwnReasons
	if entry.Recorded && entry.Record.Trace != nil {
		reasons = slices.Concat(reasons, w.UpstreamReasons(entry.Dir.Name, entry.Record.Trace, w.UpstreamDigests(entry.Dir.Name)))
	}
	return reasons
}

// Trace returns an entry's inputs at the tip, with the given digests of upstream
// outputs.
func (w *Inventory) Trace(entry *Entry, digests map[string]string) state.Trace {
	trace := state.Trace(w.Load(entry).Trace(w.Commit.Tree))
	if entry.env != "" {
		trace[keyEnv] = entry.env
	}
	if id := w.productID(); id != "" {
		trace[keyProduct] = id
	}
	for up, digest := range digests {
		trace[KeyUpstream+up] = digest
	}
	return trace
}
