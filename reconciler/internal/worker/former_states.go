package worker

import (
	"fmt"
	"slices"

	"reconcile/internal/excerpt"
	"reconcile/internal/stateid"
)

// maxReaders is how many readers a warning names.
const maxReaders = 5

// listFormerStates returns the identities of other states that the workspace was
// applied to before, oldest first.
func (wr *workspaceRun) listFormerStates() []stateid.ID {
	var former []stateid.ID
	if wr.record.Attempt != nil {
		former = append(former, wr.record.Attempt.PreviousIdentities...)
	}
	if wr.record.Trace != nil || wr.record.Attempt != nil {
		former = append(former, wr.record.Identity)
	}
	now := wr.inventory.Load(wr.entry).Identity
	return slices.Compact(slices.DeleteFunc(former, func(identity stateid.ID) bool { return identity == now }))
}

// warnOfFormerStates warns of the states that the workspace has left, unless another workspace has
// them. A local state lies at one place, whatever its identity is.
func (wr *workspaceRun) warnOfFormerStates(former []stateid.ID) {
	now := wr.config.DescribeStateAt(wr.entry.Dir.Name, wr.inventory.Load(wr.entry).Identity)
	for _, identity := range former {
		was := wr.config.DescribeStateAt(wr.entry.Dir.Name, identity)
		if wr.inventory.HasState(identity) || was == now {
			continue
		}
		wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf(
			"its state was at %s before: no workspace has that state any more, and its resources are left as they are", was))
		if readers := wr.inventory.Graph.ReadersOfExternal(identity); len(readers) > 0 {
			wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf(
				"%s still reads its state at %s, which nothing changes any more: let it read %s", excerpt.List(readers, maxReaders), was, now))
		}
	}
}
