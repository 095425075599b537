package hcleval

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// certainValue returns the value of e, or the part of it that is certain.
func certainValue(e hclsyntax.Expression, ctx *hcl.EvalContext) cty.Value {
	v, diags := e.Value(ctx)
	if diags.HasErrors() {
		return partialValue(e, ctx)
	}
	return v
}

// partialValue returns the certain part of an expression that cannot be evaluated: the
// beginning of a text, or the known elements of an object or a tuple.
func partialValue(e hclsyntax.Expression, ctx *hcl.EvalContext) cty.Value {
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		return partialText(e, ctx)
	case *hclsyntax.ObjectConsExpr:
		attrs := map[string]cty.Value{}
		for _, item := range e.Items {
			key, diags := item.KeyExpr.Value(ctx)
			name, ok := AsString(key)
			if diags.HasErrors() || !ok {
				return cty.DynamicVal
			}
			attrs[name] = certainValue(item.ValueExpr, ctx)
		}
		return cty.ObjectVal(attrs)
	case *hclsyntax.TupleConsExpr:
		var elements []cty.Value
		for _, x := range e.Exprs {
			elements = append(elements, certainValue(x, ctx))
		}
		return cty.TupleVal(elements)
	}
	return cty.DynamicVal
}

func partialText(t *hclsyntax.TemplateExpr, ctx *hcl.EvalContext) cty.Value {
	prefix := ""
	for _, part := range t.Parts {
		v, diags := part.Value(ctx)
		text, ok := AsString(v)
		if diags.HasErrors() || !ok {
			break
		}
		prefix += text
	}
	return UnknownWithPrefix(prefix)
}
