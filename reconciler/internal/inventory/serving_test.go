package inventory

import (
	"strings"
	"testing"

	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

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
		got := readShare("a", switchShares, state.Workspace{KeptOutputs: map[string]string{"shares": text}}, known)
		if got.Percent != want.Percent || !strings.Contains(got.Unknown, want.Unknown) || (got.Unknown == "") != (want.Unknown == "") {
			t.Errorf("%s: got %+v, want %+v", text, got, want)
		}
	}
	kept := map[string]string{"shares": `{"a": 0}`}
	if got := readShare("a", switchShares, state.Workspace{}, known); got.Unknown == "" {
		t.Error("an output that was never recorded tells a share")
	}
	if got := readShare("a", switchShares, state.Workspace{KeptOutputs: kept, Rollout: &state.Rollout{}}, known); got.Unknown == "" {
		t.Error("a rollout that is under way tells a share")
	}
	if got := readShare("a", switchShares, state.Workspace{KeptOutputs: kept, Attempt: &state.Attempt{}}, known); got.Unknown == "" {
		t.Error("an apply that has not ended tells a share")
	}
}
