package worker

import (
	"context"
	"fmt"

	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/terraform"
	"reconcile/state"
)

// judge decides whether the plan may be applied. Which traffic the workspace serves is read
// now: it may have changed since the pass began.
func (v *workspaceRun) judge(ctx context.Context, plan *terraform.Plan) (gate.Verdict, error) {
	verdict, from := gate.Judge(v.entry.Config, v.config.Gate, plan), v.entry.Config.Serving
	if from.Workspace == "" || !gate.Destroys(plan) {
		return verdict, nil
	}
	teller, _, err := v.config.Record.Workspace(ctx, from.Workspace)
	if err != nil {
		return verdict, err
	}
	share := v.inventory.Share(v.entry, map[string]state.Workspace{from.Workspace: teller})
	return gate.RefuseWhileServing(verdict, plan, from, share), nil
}

// judgePlan is judge for a plan that is not applied: it uses the records of the inventory.
func (k *Worker) judgePlan(entry *inventory.Entry, plan *terraform.Plan) gate.Verdict {
	verdict := gate.Judge(entry.Config, k.config.Gate, plan)
	if !gate.Destroys(plan) {
		return verdict
	}
	return gate.RefuseWhileServing(verdict, plan, entry.Config.Serving, k.inventory.Share(entry, k.inventory.Records))
}

// keepOutputs returns the outputs for the record that the settings need there. One that it must
// not have is "".
func (v *workspaceRun) keepOutputs(outputs terraform.Outputs) map[string]string {
	kept := outputs.Kept
	for _, name := range v.inventory.Settings.KeptOutputs(v.entry.Dir.Name) {
		if _, ok := kept[name]; ok {
			continue
		}
		if kept == nil {
			kept = map[string]string{}
		}
		kept[name] = ""
		v.result.Warnings = append(v.result.Warnings, fmt.Sprintf(
			"its output %s is missing, sensitive or too long, so it is not recorded: workspaces that name it in serving count as serving", name))
	}
	return kept
}
