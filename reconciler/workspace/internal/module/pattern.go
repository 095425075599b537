package module

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// Wildcard stands for a part of an identity that could not be evaluated.
const Wildcard = "*"

// Patterns returns the attributes of an object as patterns, or nil if their names are
// unknown.
func (s *Scope) Patterns(x hclsyntax.Expression, names Bound) map[string]string {
	args := map[string]string{}
	if x == nil {
		return args
	}
	if o, ok := x.(*hclsyntax.ObjectConsExpr); ok {
		for _, item := range o.Items {
			key, ok := hcleval.AsString(s.Evaluate(item.KeyExpr, names))
			if !ok {
				return nil
			}
			args[key] = s.Pattern(item.ValueExpr, names)
		}
		return args
	}
	v, _ := s.Evaluate(x, names).UnmarkDeep()
	if !hcleval.IsIterable(v) || !(v.Type().IsObjectType() || v.Type().IsMapType()) {
		return nil
	}
	for it := v.ElementIterator(); it.Next(); {
		k, v := it.Element()
		args[k.AsString()] = patternOf(v)
	}
	return args
}

// Pattern returns the text of x, with "*" for each unknown part.
func (s *Scope) Pattern(x hclsyntax.Expression, names Bound) string {
	t, ok := hcleval.Unwrap(x).(*hclsyntax.TemplateExpr)
	if !ok {
		return patternOf(s.Evaluate(x, names))
	}
	var out strings.Builder
	for _, part := range t.Parts {
		if out.WriteString(patternOf(s.Evaluate(part, names))); out.Len() > hcleval.MaxTextSize {
			return Wildcard
		}
	}
	return out.String()
}

func patternOf(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	switch {
	case v.IsKnown():
		return hcleval.ScalarText(v)
	case v.Type() == cty.String:
		return v.Range().StringPrefix() + Wildcard
	default:
		return Wildcard
	}
}
