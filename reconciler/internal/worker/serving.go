package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// judge decides whether the plan may be applied. Which traffic the workspace serves is read
// now: it may have changed since the pass began.
func (wr *workspaceRun) judge(ctx context.Context, plan *terraform.Plan) (gate.Verdict, error) {
	records := map[string]state.Workspace{}
	if from := wr.entry.Config.Serving; from.Workspace != "" && gate.Destroys(plan) {
		rec, _, err := wr.config.Record.Workspace(ctx, from.Workspace)
		if err != nil {
			return gate.Verdict{}, err
		}
		records[from.Workspace] = rec
	}
	share := ShareOf(wr.inventory, wr.entry, records)
	// In a disaster the record of this Region often does not know it, and nothing can tell.
	if wr.run.Options.Snapshot != "" && share.Unknown != "" && gate.Destroys(plan) {
		return gate.JudgeUnknownShare(wr.entry.Config, wr.config.Gate, plan), nil
	}
	return gate.JudgeServed(wr.entry.Config, wr.config.Gate, plan, share), nil
}

// ShareOf returns how many percent of the traffic an entry serves, by the records of all. It is
// none for an entry whose settings name no output for it.
func ShareOf(workspaces *inventory.Inventory, entry *inventory.Entry, records map[string]state.Workspace) gate.Share {
	from := entry.Config.Serving
	if from.Workspace == "" {
		return gate.Share{}
	}
	return gate.ReadShare(entry.Dir.Name, from, records[from.Workspace], slices.Collect(maps.Keys(workspaces.Entries)))
}

// keepOutputs returns the outputs for the record that the settings need there. One that it must
// not have is "".
func (wr *workspaceRun) keepOutputs(outputs terraform.Outputs) map[string]string {
	kept := outputs.Kept
	for _, name := range wr.inventory.Settings.KeptOutputs(wr.entry.Dir.Name) {
		if _, ok := kept[name]; ok {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[name] = ""
		wr.result.Warnings = append(wr.result.Warnings, fmt.Sprintf(
			"its output %s is missing, sensitive or too long, so it is not recorded: workspaces that name it in serving count as serving", name))
	}
	return kept
}
