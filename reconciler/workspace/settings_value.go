package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// strings returns the elements of a list, each with its place.
func (d *settingsDecoder) strings(attr *hcl.Attribute, ctx *hcl.EvalContext) []located {
	exprs, diags := hcl.ExprList(attr.Expr)
	if diags.HasErrors() {
		d.complain(attr.Expr.Range(), "%s: a list of strings is needed", attr.Name)
		return nil
	}
	var list []located
	for _, e := range exprs {
		if v := d.value(attr.Name, e, ctx, cty.String); v != cty.NilVal && v.AsString() != "" {
			list = append(list, located{v.AsString(), e.Range()})
		}
	}
	return list
}

func (d *settingsDecoder) string(attr *hcl.Attribute, ctx *hcl.EvalContext) string {
	v := d.value(attr.Name, attr.Expr, ctx, cty.String)
	if v == cty.NilVal {
		return ""
	}
	return v.AsString()
}

func (d *settingsDecoder) bool(attr *hcl.Attribute, ctx *hcl.EvalContext) *bool {
	v := d.value(attr.Name, attr.Expr, ctx, cty.Bool)
	if v == cty.NilVal {
		return nil
	}
	b := v.True()
	return &b
}

// value returns what e is, or NilVal after a complaint. Strings must not be
// empty.
func (d *settingsDecoder) value(name string, e hcl.Expression, ctx *hcl.EvalContext, want cty.Type) cty.Value {
	v, diags := boundedValue(e, ctx)
	if diags.HasErrors() {
		d.problems = append(d.problems, problems(SettingsFile, diags)...)
		return cty.NilVal
	}
	if !v.IsWhollyKnown() {
		d.complain(e.Range(), "%s: evaluating this takes more than it may: write what it is", name)
		return cty.NilVal
	}
	got, err := convert.Convert(v, want)
	if err != nil || got.IsNull() || !v.Type().Equals(want) {
		d.complain(e.Range(), "%s: a %s is needed here", name, want.FriendlyName())
		return cty.NilVal
	}
	if want == cty.String && got.AsString() == "" {
		d.complain(e.Range(), "%s: an empty string names nothing", name)
		return cty.NilVal
	}
	return got
}
