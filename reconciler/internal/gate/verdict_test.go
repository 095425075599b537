package gate_test

import (
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/plandigest"
	"reconcile/reconciler/internal/gate"
	"reconcile/reconciler/risk"
	"reconcile/reconciler/terraform"
	"reconcile/reconciler/workspace/settings"
	"reconcile/state"
)

var (
	created     = risk.Change{Address: "aws_a.a", Risk: risk.Update, Actions: tfjson.Actions{tfjson.ActionCreate}}
	restarted   = risk.Change{Address: "aws_b.b", Risk: risk.Interruption, Why: risk.Sentence{En: "it restarts"}, Actions: tfjson.Actions{tfjson.ActionUpdate}}
	unprotected = risk.Change{Address: `module.m["x.y"].aws_c.c[0]`, Risk: risk.Update, Guard: true, Actions: tfjson.Actions{tfjson.ActionUpdate}}
	replaced    = risk.Change{Address: `module.m["x.y"].aws_d.d`, Risk: risk.Update, Actions: tfjson.Actions{tfjson.ActionCreate, tfjson.ActionDelete}}
	redacted    = risk.Change{Address: `aws_f.f["(redacted) 0123abcd"]`, Exact: `aws_f.f["alice"]`, Risk: risk.Update, Actions: tfjson.Actions{tfjson.ActionDelete}}
	plain       = risk.Change{Address: "aws_g.g", Risk: risk.Destroy, Rule: "action.delete", Why: risk.Sentence{En: "is destroyed"}, Actions: tfjson.Actions{tfjson.ActionDelete}}
	destroyed   = risk.Change{Address: "aws_e.e", Risk: risk.Loss, Why: risk.Sentence{En: "its data are gone"}, Actions: tfjson.Actions{tfjson.ActionDelete}}
)

func planOf(changes ...risk.Change) *terraform.Plan {
	p := &terraform.Plan{Digest: plandigest.New("k", strings.Repeat("0123456789abcdef", 4)), Risk: risk.Report{Changes: changes}}
	for _, c := range changes {
		p.Risk.Risk = max(p.Risk.Risk, c.Risk)
	}
	return p
}

func TestJudge(t *testing.T) {
	t.Parallel()
	one := 1
	config := func(apply settings.ApplyMode, protect ...string) settings.Config {
		return settings.Config{Apply: apply, Protect: protect}
	}
	for name, c := range map[string]struct {
		config  settings.Config
		loosest settings.ApplyMode
		plan    *terraform.Plan
		says    string // "": it may be applied
	}{
		"nothing set, an update":        {config(""), "", planOf(created), ""},
		"nothing set, an interruption":  {config(""), "", planOf(created, restarted), "interrupts aws_b.b (it restarts)"},
		"nothing set, a loss":           {config(""), "", planOf(destroyed), "destroys aws_e.e (its data are gone)"},
		"a commit says always":          {config(settings.ApplyAlways), settings.ApplySafe, planOf(destroyed), "destroys aws_e.e"},
		"the operator says always":      {config(""), settings.ApplyAlways, planOf(destroyed), ""},
		"both say always":               {config(settings.ApplyAlways), settings.ApplyAlways, planOf(destroyed), ""},
		"settings tighten":              {config(settings.ApplySafe), settings.ApplyAlways, planOf(destroyed), "destroys aws_e.e"},
		"each plan asks":                {config(settings.ApplyApproved), settings.ApplyAlways, planOf(created), `apply = "approve"`},
		"outputs ask, too":              {config(settings.ApplyApproved), settings.ApplyAlways, planOf(), `apply = "approve"`},
		"the operator says approve":     {config(settings.ApplySafe), settings.ApplyApproved, planOf(created), `apply = "approve"`},
		"the operator says plan-only":   {config(settings.ApplyAlways), settings.ApplyPlanOnly, planOf(created), `apply = "plan-only"`},
		"a mode of a later version":     {config("later"), settings.ApplyAlways, planOf(created), "acts as plan-only"},
		"protected, and created":        {config("", "aws_a.a"), settings.ApplyAlways, planOf(created), ""},
		"protected, and destroyed":      {config("", "aws_e.*"), settings.ApplyAlways, planOf(destroyed), "destroys aws_e.e"},
		"protected, and replaced":       {config("", "aws_d.*"), settings.ApplyAlways, planOf(replaced), `replaces module.m["x.y"].aws_d.d`},
		"protected, and its guard gone": {config("", "aws_c.c"), settings.ApplyAlways, planOf(unprotected), `changes module.m["x.y"].aws_c.c[0]`},
		"protected by a secret key":     {config("", `aws_f.f["alice"]`), settings.ApplyAlways, planOf(redacted), `destroys aws_f.f["(redacted) 0123abcd"]`},
		"the module is protected":       {config("", `module.m["x.y"]`), settings.ApplyAlways, planOf(replaced), "replaces"},
		"every instance of a module":    {config("", "module.m"), settings.ApplyAlways, planOf(replaced), "replaces"},
		"in every instance of a module": {config("", "module.m.aws_d.d"), settings.ApplyAlways, planOf(replaced), "replaces"},
		"another module":                {config("", "module.mm", "module.m.aws_d.dd"), settings.ApplyAlways, planOf(replaced), ""},
		"all of modules":                {config("", "module.*"), settings.ApplyAlways, planOf(replaced), "replaces"},
		"another is protected":          {config("", "aws_d.dd", "aws_d", "d.d?"), settings.ApplyAlways, planOf(replaced), ""},
		"as many as allowed":            {settings.Config{MaxDestroy: &one}, settings.ApplyAlways, planOf(destroyed, created), ""},
		"more than allowed":             {settings.Config{MaxDestroy: &one}, settings.ApplyAlways, planOf(destroyed, replaced), "2 are destroyed or replaced, and max_destroy = 1"},
		"the action decides":            {config(""), "", planOf(plain), "destroys aws_g.g"},
		"many":                          {config(""), "", planOf(destroyed, destroyed, destroyed, destroyed, destroyed), "and 2 more"},
	} {
		verdict := gate.Judge(c.config, c.loosest, c.plan)
		if (verdict.Why == "") != (c.says == "") || !strings.Contains(verdict.Why, c.says) || verdict.Forbidden != strings.Contains(verdict.Why, "plan-only") {
			t.Errorf("%s: %+v", name, verdict)
		}
		if name == "the action decides" && verdict.Why != c.says {
			t.Errorf("%s: %q says it twice", name, verdict.Why)
		}
		wait := gate.DescribeWait("tokyo", verdict, c.plan)
		if strings.Contains(wait, ": `reconcile approve tokyo 0123456789abcdef`") == verdict.Forbidden {
			t.Errorf("%s: %s", name, wait)
		}
	}
}

// changesOf returns the changes of a plan as an untrusted process may show them.
func changesOf(plan *terraform.Plan, change func(*state.ChangeToApprove)) (shown []state.ChangeToApprove) {
	for _, c := range plan.Risk.Changes {
		t := gate.NewChangeToApprove(c)
		change(&t)
		shown = append(shown, t)
	}
	return shown
}

func TestFindApproval(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	plan := planOf(destroyed)
	plan.Difference = plandigest.Difference{Changes: []plandigest.Change{{Address: "aws_e.e", Action: "delete"}}}
	good := state.Approval{Digest: plan.Digest, Risk: "loss", ApprovedBy: "ann", EndsAt: now.Add(time.Hour)}
	change := func(f func(*state.Approval)) state.Approval { a := good; f(&a); return a }
	for name, c := range map[string]struct {
		approval state.Approval
		says     string // "": it allows the plan; "kept": it waits for another plan
	}{
		"the same plan":                 {good, ""},
		"ended":                         {change(func(a *state.Approval) { a.EndsAt = now }), "it ended at 2026-05-01 00:00Z"},
		"another class":                 {change(func(a *state.Approval) { a.Risk = "update" }), "it was of risk update, and the plan has loss"},
		"another plan":                  {change(func(a *state.Approval) { a.Digest = "2:k:00" }), "the plan is another now"},
		"another plan, difference kept": {change(func(a *state.Approval) { a.Digest, a.Difference = "2:k:00", &plandigest.Difference{} }), "(aws_e.e (delete) is new)"},
		"of the version before":         {change(func(a *state.Approval) { a.Digest = plandigest.Digest(plan.Digest.Digits()) }), "the plan is another now"},
		"all was shown": {change(func(a *state.Approval) {
			a.Changes = []state.ChangeToApprove{gate.NewChangeToApprove(plan.Risk.Changes[0]), {}}
		}), ""},
		"another was shown": {change(func(a *state.Approval) { a.Changes = []state.ChangeToApprove{{Address: "aws_f.f"}} }), "the preview did not show what becomes of aws_e.e"},
		"as less was shown": {change(func(a *state.Approval) {
			a.Changes = changesOf(plan, func(c *state.ChangeToApprove) { c.Risk = "update" })
		}), "did not show"},
		"for another reason was shown": {change(func(a *state.Approval) {
			a.Changes = changesOf(plan, func(c *state.ChangeToApprove) { c.Why = []string{"ok", "ok"} })
		}), "did not show"},
		"of a pull request": {change(func(a *state.Approval) { a.Digest, a.PullRequest = "2:k:00", 7 }), "kept"},
	} {
		match, void := gate.FindApproval([]state.Approval{c.approval}, plan, plan.Risk.Changes, now)
		switch {
		case (match != nil) != (c.says == "") || (len(void) == 0) != (c.says == "" || c.says == "kept"):
			t.Errorf("%s: %+v, %+v", name, match, void)
		case len(void) == 1 && !strings.Contains(gate.DescribeVoid(void[0], plan, plan.Risk.Changes, now), c.says):
			t.Errorf("%s: %s", name, gate.DescribeVoid(void[0], plan, plan.Risk.Changes, now))
		}
	}
}
