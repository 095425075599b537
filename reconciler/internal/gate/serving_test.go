package gate

import (
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
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
	if got := refuseWhileServing(allowed, plan, settings.Serving{Workspace: "switch", Output: "shares"}, Share{}); got.Forbidden || got.Why != allowed.Why {
		t.Errorf("share 0: got %+v", got)
	}
	for want, share := range map[string]Share{"destroys x.a while it serves 12.5% of the traffic": {Percent: 12.5}, "may serve traffic: nobody knows": {Unknown: "nobody knows"}} {
		got := refuseWhileServing(allowed, plan, settings.Serving{Workspace: "switch", Output: "shares"}, share)
		if !got.Forbidden || !got.WhileServing || !strings.Contains(got.Why, want) || strings.Contains(got.Why, "routine") {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

var switchShares = settings.Serving{Workspace: "switch", Output: "shares"}

func TestReadShare(t *testing.T) {
	t.Parallel()
	known := []string{"a", "b", "switch"}
	for text, want := range map[string]Share{
		`{"a": 100, "b": 0}`: {Percent: 100},
		`{"a": 0.5}`:         {Percent: 0.5},
		`{"a": 0, "b": 100}`: {},
		`{"b": 100}`:         {},
		`{"tokyo": 100}`:     {Unknown: "names no workspace"},
		`{}`:                 {Unknown: "names no workspace"},
		`{"a": null}`:        {Unknown: "has no share of a"},
		`{"a": -1}`:          {Unknown: "has no share of a"},
		`{"a": "100"}`:       {Unknown: "no map of numbers"},
		`[1]`:                {Unknown: "no map of numbers"},
		`null`:               {Unknown: "names no workspace"},
		``:                   {Unknown: "missing, sensitive or too long"},
	} {
		got := ReadShare("a", switchShares, state.Workspace{KeptOutputs: map[string]string{"shares": text}}, known)
		if got.Percent != want.Percent || !strings.Contains(got.Unknown, want.Unknown) || (got.Unknown == "") != (want.Unknown == "") {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	kept := map[string]string{"shares": `{"a": 0}`}
	if got := ReadShare("a", switchShares, state.Workspace{}, known); got.Unknown == "" {
		t.Error("an output that was never recorded gives a share")
	}
	if got := ReadShare("a", switchShares, state.Workspace{KeptOutputs: kept, Rollout: &state.Rollout{}}, known); got.Unknown == "" {
		t.Error("a rollout that is under way gives a share")
	}
	if got := ReadShare("a", switchShares, state.Workspace{KeptOutputs: kept, Attempt: &state.Attempt{}}, known); got.Unknown == "" {
		t.Error("an apply that has not ended gives a share")
	}
}

// During a rollout a side serves the largest of its shares: before, now and at the end.
func TestReadShareDuringARollout(t *testing.T) {
	t.Parallel()
	shares := func(text string) map[string]string { return map[string]string{"shares": text} }
	for name, c := range map[string]struct {
		before, now, end map[string]string
		want             float64
		unknown          bool
	}{
		"leaves":                {shares(`{"a":100}`), shares(`{"a":50}`), shares(`{"a":0,"b":100}`), 100, false},
		"comes":                 {shares(`{"a":0}`), shares(`{"a":10}`), shares(`{"a":100}`), 100, false},
		"has none":              {shares(`{"a":0,"b":100}`), shares(`{"a":0,"b":90}`), shares(`{"a":0,"b":0}`), 0, false},
		"has one in between":    {shares(`{"a":0}`), shares(`{"a":30}`), shares(`{"a":0}`), 30, false},
		"the number is unknown": {shares(`{"a":0}`), nil, shares(`{"a":0}`), 0, false},
		"the end is unknown":    {shares(`{"a":0}`), shares(`{"a":0}`), nil, 0, true},
		"the end has no share":  {shares(`{"a":0}`), shares(`{"a":0}`), shares(`[]`), 0, true},
	} {
		rec := state.Workspace{KeptOutputs: c.before, Attempt: &state.Attempt{}, Rollout: &state.Rollout{Outputs: c.now, EndOutputs: c.end}}
		if got := ReadShare("a", switchShares, rec, []string{"a", "b"}); got.Percent != c.want || (got.Unknown != "") != c.unknown {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
