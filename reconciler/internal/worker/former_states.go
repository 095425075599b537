package worker

import (
	"fmt"
	"slices"

	"reconcile/internal/stateid"
)

// listFormerStates returns the identities of other states that the workspace was
// applied to before, oldest first.
func (v *workspaceRun) listFormerStates() []stateid.ID {
	var former []stateid.ID
	if v.record.Attempt != nil {
		former = append(former, v.record.Attempt.PreviousIdentities...)
	}
	if v.record.Trace != nil || v.record.Attempt != nil {
		former = append(former, v.record.Identity)
	}
	now := v.config.DescribeStateAt(v.entry.Dir.Name, v.inventory.Load(v.entry).Identity)
	return slices.Compact(slices.DeleteFunc(former, func(identity stateid.ID) bool {
		return v.config.DescribeStateAt(v.entry.Dir.Name, identity) == now
	}))
}

// warnOfFormerStates warns of the states that the workspace has left, unless another
// workspace has them.
func (v *workspaceRun) warnOfFormerStates(former []stateid.ID) {
	for _, identity := range former {
		if !v.inventory.HasState(identity) {
			v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
				"its state was at %s before: no workspace has that state any more, and its resources are left as they are",
				v.config.DescribeStateAt(v.entry.Dir.Name, identity)))
		}
	}
}
