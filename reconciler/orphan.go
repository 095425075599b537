package reconciler

import (
	"fmt"
	"slices"

	"reconcile/state"
)

func (p *pass) describeRemoved(w *inventory, rec state.Workspace) string {
	text := w.explainRemoval(rec)
	if at := p.config.FindOrphanedState(rec, nil); at != "" {
		text += fmt.Sprintf("; its resources still exist, and no workspace owns their state: %s", at)
	}
	return text
}

// listFormerStates returns the identities of other states that the workspace was
// applied to before, oldest first.
func (v *workspaceRun) listFormerStates() []string {
	var former []string
	if v.record.Attempt != nil {
		former = append(former, v.record.Attempt.PreviousIdentities...)
	}
	if v.record.Trace != nil || v.record.Attempt != nil {
		former = append(former, v.record.Identity)
	}
	now := v.config.DescribeStateAt(v.entry.dir.Name, v.checkout.inventory.load(v.entry).Identity)
	return slices.Compact(slices.DeleteFunc(former, func(identity string) bool {
		return v.config.DescribeStateAt(v.entry.dir.Name, identity) == now
	}))
}

// warnOfFormerStates warns of the states that the workspace has left, unless another
// workspace has them.
func (v *workspaceRun) warnOfFormerStates(former []string) {
	for _, identity := range former {
		if !v.checkout.inventory.hasState(identity) {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
				"its state was at %s before: no workspace has that state any more, and its resources are left as they are",
				v.config.DescribeStateAt(v.entry.dir.Name, identity)))
		}
	}
}

// hasState reports whether a workspace at the tip has the state with this identity.
func (w *inventory) hasState(identity string) bool {
	for _, entry := range w.entries {
		if w.stateIdentity(entry) == identity {
			return true
		}
	}
	return false
}
