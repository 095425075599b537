package reconciler_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/run"
	"reconcile/state"
)

// modelDigest returns the digest of a modelled plan.
func modelDigest(wants stateContent, lineage string) plandigest.Digest {
	sum := sha256.Sum256([]byte(lineage + ";" + wants.outputs() + ";" + strings.Join(wants.resources, ";")))
	return plandigest.New("k1", hex.EncodeToString(sum[:]))
}

func approvalKey(workspace string, digest plandigest.Digest) string {
	return workspace + " " + string(digest)
}

func isApproved(r recordView, workspace string, digest plandigest.Digest) bool {
	return slices.ContainsFunc(r.approvals[workspace], func(a state.Approval) bool { return a.Digest == digest })
}

// approve approves what a workspace waits with, if anything.
func (m *model) approve(rt *rapid.T) {
	m.approveWorkspace(draw(rt, "name", workspaceNames...))
}

// approveWorkspace reports whether the workspace has a plan that waits.
func (m *model) approveWorkspace(name string) bool {
	r := m.readRecord()
	digest := r.records[name].PlanDigest
	plan, err := m.observer.record.OfferedPlan(m.ctx, name, string(digest))
	if errors.Is(err, state.ErrNotOffered) || digest == "" {
		return false
	}
	m.must(err)
	const longEnough = 1000 * time.Hour
	m.must(m.observer.record.PlaceApproval(m.ctx, plan, state.Approval{ApprovedBy: "ann", EndsAt: time.Now().Add(longEnough)}))
	m.mu.Lock()
	defer m.mu.Unlock()
	if !isApproved(r, name, digest) {
		m.approved[approvalKey(name, digest)]++
	}
	return true
}

// revoke revokes an approval, if there is one.
func (m *model) revoke(rt *rapid.T) {
	name := draw(rt, "name", workspaceNames...)
	for _, a := range m.readRecord().approvals[name] {
		revoked, err := m.observer.record.RevokeApproval(m.ctx, name, string(a.Digest))
		m.must(err)
		m.mu.Lock()
		if revoked {
			m.approved[approvalKey(name, a.Digest)]--
		}
		m.mu.Unlock()
	}
}

// restoreApprovals takes over the approvals of a record that was restored.
func (m *model) restoreApprovals() {
	m.approved = map[string]int{}
	for name, approvals := range m.readRecord().approvals {
		for _, a := range approvals {
			m.approved[approvalKey(name, a.Digest)] = 1
		}
	}
}

// checkApproved checks, when an apply begins, that a person allowed exactly this plan, and
// that the approval is used.
func (m *model) checkApproved(name string, digest plandigest.Digest) {
	rec, _, err := m.observer.record.Workspace(m.ctx, name)
	m.must(err)
	key := approvalKey(name, digest)
	switch {
	case m.approved[key] <= 0:
		m.addViolation("I7: %s is applied, and nobody allowed %s", name, digest)
	case rec.Attempt == nil || rec.Attempt.Approval == nil || rec.Attempt.Approval.Digest != digest:
		m.addViolation("I7: the attempt on %s keeps no approval of %s: %s", name, digest, toJSON(rec.Attempt))
	}
	m.approved[key]--
}

// approveAll approves what waits, pass after pass: no history gets stuck.
func (m *model) approveAll(f *inFlightPass) *inFlightPass {
	for range 2 * maxWorkspaces {
		waits := false
		for _, name := range slices.Sorted(maps.Keys(m.readRecord().records)) {
			if m.readRecord().records[name].Outcome == state.Blocked {
				waits = m.approveWorkspace(name) || waits
			}
		}
		if !waits {
			break
		}
		f = m.runToEnd(run.Options{Trigger: run.TriggerManual, Adopt: true, Replan: m.tampered})
	}
	return f
}
