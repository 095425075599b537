package inventory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"reconcile/internal/gitpath"
	"reconcile/internal/runid"
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
		reasons = append(reasons, w.describeAttempt(rec))
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
	reasons = append(reasons, workspace.StalePaths(w.Loader.Files(), entry.Config, rec.Trace)...)
	reasons = append(reasons, workspace.StaleInputs(entry.Config, rec.Trace)...)
	if rec.Trace[keyEnv] != entry.env {
		reasons = append(reasons, "environment")
	}
	for _, output := range w.Settings.KeptOutputs(entry.Dir.Name) {
		if _, kept := rec.KeptOutputs[output]; !kept {
			reasons = append(reasons, "output "+output+" is not recorded")
		}
	}
	if rec.Trace[keyProduct] != productID(w.Product) {
		reasons = append(reasons, "Terraform or OpenTofu")
	}
	return reasons
}

// ApprovedReasons returns why a workspace whose inputs have not changed must be planned: a
// person approved the plan that its record has. A replan or a drift repair leads to that.
func ApprovedReasons(rec state.Workspace, approvals []state.Approval, now time.Time) []string {
	if rec.Outcome == state.Applied || rec.Outcome == state.NoChanges || rec.PlanDigest == "" {
		return nil
	}
	for _, a := range approvals {
		if a.Digest == rec.PlanDigest && now.Before(a.EndsAt) {
			return []string{"approved plan " + a.Digest.Abbrev()}
		}
	}
	return nil
}

// describeAttempt returns why an attempt makes its workspace stale.
func (w *Inventory) describeAttempt(rec state.Workspace) string {
	if r := rec.Rollout; r != nil {
		return fmt.Sprintf("rollout of %s at %d", r.ShortCommit(), r.Number)
	}
	if w.applying[rec.Name] == rec.Attempt.Run {
		return fmt.Sprintf("apply of %s that run %s has not finished", rec.Attempt.ShortCommit(), rec.Attempt.Run)
	}
	if rec.IsUndone() {
		return "undone rollout of " + rec.Attempt.ShortCommit()
	}
	return rec.Attempt.Describe()
}

// noteApplying finds the attempts whose runs still hold their leases, and are not known to be
// dead. It replaces the reasons of those workspaces.
func (w *Inventory) noteApplying(ctx context.Context) error {
	tried := slices.DeleteFunc(slices.Collect(maps.Values(w.Entries)), func(entry *Entry) bool { return entry.Record.Attempt == nil })
	if len(tried) == 0 {
		return nil
	}
	leases, err := w.Config.Record.Leases(ctx)
	if err != nil {
		return err
	}
	w.applying = map[string]runid.ID{}
	for _, entry := range tried {
		lease := leases[w.Config.LeaseIdentity(entry.Dir.Name, entry.Record.Identity)]
		if lease.Owner == "" || lease.Run != entry.Record.Attempt.Run {
			continue
		}
		if dead, err := w.Config.Record.IsProcessDead(ctx, lease.Process); err != nil || !dead {
			w.applying[entry.Dir.Name] = lease.Run
			entry.OwnReasons = w.OwnReasons(entry, entry.Record)
		}
	}
	return nil
}

// ApplyingRun returns the run that is applying a workspace, by an inventory of NewAtTip; "" for
// none.
func (w *Inventory) ApplyingRun(name string) runid.ID { return w.applying[name] }

// DescribeUpstreamAttempt returns what the attempt of an upstream is; "" for none.
func (w *Inventory) DescribeUpstreamAttempt(upstream string) string {
	rec := w.Entries[upstream].Record
	if rec.Attempt == nil {
		return ""
	}
	return w.describeAttempt(rec)
}

// productID returns a product's value in a trace: each product reads files that the other does
// not.
func productID(product repotree.Product) string {
	if product == repotree.Terraform {
		return ""
	}
	return string(product)
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

// IsInSync reports whether, by these records, each workspace was applied from its inputs at
// the commit, and none failed or waits.
func (w *Inventory) IsInSync(records map[string]state.Workspace) bool {
	now, digests := *w, UpstreamRecords(records).Digests()
	now.Records = records
	for name, entry := range w.Entries {
		rec := records[name]
		if entry.RenameErr != nil || rec.Outcome == state.Failed || rec.Outcome == state.Blocked || len(now.OwnReasons(entry, rec)) > 0 {
			return false
		}
		if len(now.UpstreamReasons(name, rec.Trace, digests)) > 0 {
			return false
		}
	}
	return !slices.ContainsFunc(w.Removed, func(gone state.Workspace) bool {
		rec, recorded := records[gone.Name] // not after a rename
		return recorded && !rec.Removed
	})
}

// Trace returns an entry's inputs at the tip, with the given digests of upstream
// outputs.
func (w *Inventory) Trace(entry *Entry, digests map[string]string) state.Trace {
	trace := state.Trace(w.Load(entry).Trace(w.Loader.Files()))
	if entry.env != "" {
		trace[keyEnv] = entry.env
	}
	if id := productID(w.Product); id != "" {
		trace[keyProduct] = id
	}
	for up, digest := range digests {
		trace[KeyUpstream+up] = digest
	}
	return trace
}

// OwnInputs returns the hash of an entry's inputs at the commit without its upstreams' outputs;
// known is false if it does not parse.
func OwnInputs(w *Inventory, entry *Entry) (hash string, known bool) {
	if w.Load(entry).Err != nil {
		return "", false
	}
	return HashOwnInputs(w.Trace(entry, nil)), true
}

// HashOwnInputs returns the hash of a trace without the outputs of upstreams.
func HashOwnInputs(trace state.Trace) string {
	own := maps.Clone(trace)
	maps.DeleteFunc(own, func(key, _ string) bool { return strings.HasPrefix(key, KeyUpstream) })
	text, _ := json.Marshal(own) // strings always encode, with sorted keys
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
