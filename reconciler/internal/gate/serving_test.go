package gate

import (
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/reconciler/internal/inventory"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
)

func TestRefuseWhileServing(t *testing.T) {
	t.Parallel()
	plan := &terraform.Plan{Risk: risk.Report{Changes: []risk.Change{
		{Address: "x.a", Actions: tfjson.Actions{tfjson.ActionDelete}, Risk: risk.Loss},
		{Address: "x.routine", Actions: tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate}, Risk: risk.Update},
	}}}
	if !Destroys(plan) || Destroys(&terraform.Plan{Risk: risk.Report{Changes: plan.Risk.Changes[1:]}}) {
		t.Error("what is routine for its type counts, or the rest does not")
	}
	allowed := Verdict{Why: `apply = "approve"`}
	if got := refuseWhileServing(allowed, plan, settings.Serving{Workspace: "switch", Output: "shares"}, inventory.Share{}); got.Forbidden || got.Why != allowed.Why {
		t.Errorf("share 0: got %+v", got)
	}
	for want, share := range map[string]inventory.Share{"destroys x.a while it serves 12.5% of the traffic": {Percent: 12.5}, "may serve traffic: nobody knows": {Unknown: "nobody knows"}} {
		got := refuseWhileServing(allowed, plan, settings.Serving{Workspace: "switch", Output: "shares"}, share)
		if !got.Forbidden || !got.WhileServing || !strings.Contains(got.Why, want) || strings.Contains(got.Why, "routine") {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}
