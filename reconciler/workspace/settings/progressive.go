package settings

import (
	"path"
	"slices"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// Progressive is how a workspace is applied in steps: a number is passed to its configuration,
// and grows from step to step.
type Progressive struct {
	Variable string          // the variable of the root module that has the number
	Steps    []int           // ascending, from 1; the last is 100
	Soak     []time.Duration // how long each step is watched; as many as Steps
	Alarms   []string        // ARNs of CloudWatch alarms that must be OK before the first step, and stay so
	Quiet    []string        // the Alarms that are OK without data
	OnAlarm  AlarmAction     // what an alarm does
}

// AlarmAction is what a rollout does when one of its alarms goes off.
type AlarmAction string

// The values of on_alarm.
const (
	AbortOnAlarm AlarmAction = "abort" // back to the last good step, and wait for a person
	PauseOnAlarm AlarmAction = "pause" // stay, and wait for a person
)

// WholeRollout is the number at which everything is applied: the last step, and the
// variable's default.
const WholeRollout = 100

var (
	progressiveBlock  = []hcl.BlockHeaderSchema{{Type: "progressive"}}
	progressiveSchema = attributesSchema("variable", "steps", "soak", "alarms", "quiet", "on_alarm")

	variablePattern = lazyregexp.New(`^[\pL_][\pL\pN_-]*$`)
	alarmARNPattern = lazyregexp.New(`^arn:[a-z-]+:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.+$`)
)

// decodeProgressive returns the strategy of a block, or nil if it reports a problem.
func (d *decoder) decodeProgressive(blocks hcl.Blocks, ctx *hcl.EvalContext) *Progressive {
	if len(blocks) == 0 {
		return nil
	}
	if len(blocks) > 1 {
		d.addProblem(blocks[1].DefRange, "progressive: only one such block is allowed")
	}
	before := len(d.problems)
	block := blocks[0]
	attrs := d.decodeContent(block.Body, progressiveSchema).Attributes
	for _, name := range []string{"variable", "steps", "soak"} {
		if attrs[name] == nil && len(d.problems) == before {
			d.addProblem(block.DefRange, "progressive: %s is missing", name)
		}
	}
	if len(d.problems) > before {
		return nil
	}
	p := &Progressive{OnAlarm: AbortOnAlarm, Steps: d.decodeSteps(attrs["steps"], ctx)}
	if p.Variable = d.decodeString(attrs["variable"], ctx); p.Variable != "" && !variablePattern().MatchString(p.Variable) {
		d.addProblem(attrs["variable"].Expr.Range(), "progressive: %q is not a variable's name", p.Variable)
	}
	p.Soak = d.decodeSoak(attrs["soak"], len(p.Steps), ctx)
	if attr := attrs["alarms"]; attr != nil {
		p.Alarms = d.decodeValidStrings(attr, ctx, "an alarm's ARN, such as arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors", alarmARNPattern().MatchString)
	}
	if attr := attrs["quiet"]; attr != nil {
		p.Quiet = d.decodeValidStrings(attr, ctx, "one of alarms", func(arn string) bool { return slices.Contains(p.Alarms, arn) })
	}
	if attr := attrs["on_alarm"]; attr != nil {
		p.OnAlarm = AlarmAction(d.decodeString(attr, ctx))
		if p.OnAlarm != "" && p.OnAlarm != AbortOnAlarm && p.OnAlarm != PauseOnAlarm {
			d.addProblem(attr.Expr.Range(), "on_alarm: %q is not one of %s, %s", p.OnAlarm, AbortOnAlarm, PauseOnAlarm)
		}
	}
	if len(d.problems) > before {
		return nil
	}
	return p
}

// decodeSteps returns whole numbers that ascend from at least 1 to 100.
func (d *decoder) decodeSteps(attr *hcl.Attribute, ctx *hcl.EvalContext) (steps []int) {
	exprs, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		d.addProblem(attr.Expr.Range(), "steps: must be a list of numbers, such as [10, 50, 100]")
		return nil
	}
	before := len(d.problems)
	for _, expr := range exprs {
		one := hcl.Attribute{Name: attr.Name, Expr: expr}
		if n := d.decodeCount(&one, ctx); n != nil {
			steps = append(steps, *n)
		}
	}
	if len(d.problems) > before {
		return nil
	}
	ascends := slices.IsSorted(steps) && len(slices.Compact(slices.Clone(steps))) == len(steps)
	if !ascends || len(steps) == 0 || steps[0] < 1 || steps[len(steps)-1] != WholeRollout {
		d.addProblem(attr.Expr.Range(), "steps: must be whole numbers that ascend from at least 1 and end with %d, such as [10, 50, 100]", WholeRollout)
	}
	return steps
}

// decodeSoak returns a time for each of n steps: one text stands for all.
func (d *decoder) decodeSoak(attr *hcl.Attribute, n int, ctx *hcl.EvalContext) (soak []time.Duration) {
	exprs, diags := hcl.ExprList(attr.Expr)
	isList := !diags.HasErrors()
	if !isList {
		exprs = []hcl.Expression{attr.Expr}
	}
	for _, expr := range exprs {
		v := d.decodeValue(attr.Name, expr, ctx, cty.String)
		if v == cty.NilVal {
			return nil
		}
		long, err := time.ParseDuration(v.AsString())
		if err != nil || long <= 0 {
			d.addProblem(expr.Range(), "soak: %q is not a time above 0, such as 10m", v.AsString())
			return nil
		}
		soak = append(soak, long)
	}
	switch {
	case !isList:
		soak = slices.Repeat(soak, n)
	case len(soak) != n && n > 0:
		d.addProblem(attr.Expr.Range(), "soak: there are %d times for %d steps: give one for all, or one a step", len(soak), n)
	}
	return soak
}

// checkProgressive reports what sets the variable of a progressive apply: then the number of
// a step would not be the only value.
func (d *decoder) checkProgressive(dir Dir, c Config, at hcl.Range) {
	variable := c.Progressive.Variable
	if slices.Contains(c.Env, "TF_VAR_"+variable) {
		d.addProblem(at, "progressive: the variable %s is set by env (TF_VAR_%s), and only a rollout may set it", variable, variable)
	}
	files := slices.Clone(c.VarFiles)
	entries, _ := d.tree.ReadDir(dir.Path)
	for _, entry := range entries {
		name := entry.Name()
		isAutomatic, _ := path.Match("*.auto.tfvars", name)
		isAutomaticJSON, _ := path.Match("*.auto.tfvars.json", name)
		if isAutomatic || isAutomaticJSON || name == "terraform.tfvars" || name == "terraform.tfvars.json" {
			files = append(files, path.Join(dir.Path, name))
		}
	}
	for _, file := range files {
		text, err := repotree.ReadLimited(d.tree, file, hcleval.MaxConfigSize)
		if err != nil {
			continue // the workspace's own error says why
		}
		body, problems := hcleval.ParseAttributes(file, text)
		if len(problems) > 0 || body == nil {
			continue
		}
		if attributes, _ := body.JustAttributes(); attributes[variable] != nil {
			d.addProblem(at, "progressive: the variable %s is set in %s, and only a rollout may set it: remove it there", variable, file)
		}
	}
}
