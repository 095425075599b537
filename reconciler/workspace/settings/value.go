package settings

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// decodeStrings returns the elements of a list with their positions.
func (d *decoder) decodeStrings(attr *hcl.Attribute, ctx *hcl.EvalContext) []posString {
	exprs, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		d.addProblem(attr.Expr.Range(), "%s: must be a list of strings", attr.Name)
		return nil
	}
	var list []posString
	for _, e := range exprs {
		if v := d.decodeValue(attr.Name, e, ctx, cty.String); v != cty.NilVal && v.AsString() != "" {
			list = append(list, posString{v.AsString(), e.Range()})
		}
	}
	return list
}

func (d *decoder) decodeString(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	v := d.decodeValue(attr.Name, attr.Expr, ctx, cty.String)
	if v == cty.NilVal {
		return ""
	}
	return v.AsString()
}

func (d *decoder) decodeBool(attr *hcl.Attribute, ctx *hcl.EvalContext) *bool {
	v := d.decodeValue(attr.Name, attr.Expr, ctx, cty.Bool)
	if v == cty.NilVal {
		return nil
	}
	b := v.True()
	return &b
}

// decodeCount returns a number of things, or nil if it reports a problem.
func (d *decoder) decodeCount(attr *hcl.Attribute, ctx *hcl.EvalContext) *int {
	v := d.decodeValue(attr.Name, attr.Expr, ctx, cty.Number)
	if v == cty.NilVal {
		return nil
	}
	var n int
	if err := gocty.FromCtyValue(v, &n); err != nil || n < 0 {
		d.addProblem(attr.Expr.Range(), "%s: must be a whole number, and not negative", attr.Name)
		return nil
	}
	return &n
}

// decodeValue returns the value of e, or NilVal if it reports a problem. Strings must not
// be empty.
func (d *decoder) decodeValue(name string, e hcl.Expression, ctx *hcl.EvalContext, want cty.Type) cty.Value {
	v, diags := hcleval.Evaluate(e, ctx)
	if diags.HasErrors() {
		d.problems = append(d.problems, hcleval.ProblemsOf(d.file, diags)...)
		return cty.NilVal
	}
	if !v.IsWhollyKnown() {
		d.addProblem(e.Range(), "%s: this expression exceeds the evaluation limit: write the value itself", name)
		return cty.NilVal
	}
	got, err := convert.Convert(v, want)
	if err != nil || got.IsNull() || !v.Type().Equals(want) {
		d.addProblem(e.Range(), "%s: must be a %s", name, want.FriendlyName())
		return cty.NilVal
	}
	if want == cty.String && got.AsString() == "" {
		d.addProblem(e.Range(), "%s: must not be empty", name)
		return cty.NilVal
	}
	return got
}
