package reconciler

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/state"
)

// stateAt returns where people find the state with an identity: a local one
// that we keep lies in a file of ours.
func (r *Reconciler) stateAt(name, identity string) string {
	if strings.HasPrefix(identity, localPrefix) && r.LocalState != "" {
		return r.statePath(name)
	}
	return identity
}

// orphaned returns where the state of a removed workspace lies that no other
// workspace owns; "": there is none.
func (r *Reconciler) orphaned(removed state.Workspace, records map[string]state.Workspace) string {
	if removed.Identity == "" || removed.Trace == nil && removed.Attempt == nil {
		return "" // nothing was ever applied to it
	}
	for _, rec := range records {
		if !rec.Removed && rec.Identity == removed.Identity {
			return ""
		}
	}
	return r.stateAt(removed.Name, removed.Identity)
}

// removedText says what a removed workspace leaves.
func (p *pass) removedText(w *work, rec state.Workspace) string {
	text := w.whyGone(rec)
	if at := p.orphaned(rec, nil); at != "" {
		text += fmt.Sprintf("; what it made still stands, and no workspace owns its state any more: %s", at)
	}
	return text
}

// formerStates are the identities of states that the workspace was applied to
// before its state was said to lie where it does now, oldest first.
func (v *visit) formerStates() []string {
	var former []string
	if v.record.Attempt != nil {
		former = append(former, v.record.Attempt.Former...)
	}
	if v.record.Trace != nil || v.record.Attempt != nil {
		former = append(former, v.record.Identity)
	}
	now := v.stateAt(v.it.Name, v.work.load(v.it).Identity)
	return slices.Compact(slices.DeleteFunc(former, func(identity string) bool {
		return v.stateAt(v.it.Name, identity) == now
	}))
}

// tellFormer warns of the states that the workspace has left, now that it is
// applied elsewhere, unless another workspace owns them.
func (v *visit) tellFormer(former []string) {
	for _, identity := range former {
		if !v.work.owns(identity) {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
				"its state was at %s before: no workspace owns that one any more, and what is still in it is left as it is",
				v.stateAt(v.it.Name, identity)))
		}
	}
}

// owns reports whether a workspace at the tip has a state.
func (w *work) owns(identity string) bool {
	for _, it := range w.items {
		if w.identity(it) == identity {
			return true
		}
	}
	return false
}
