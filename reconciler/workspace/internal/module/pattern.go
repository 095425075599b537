package module

import (
	"slices"
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

// maxDefinitions is the maximum number of locals through which FixedSuffix follows a text.
const maxDefinitions = 10

// maxPathLength is the length in bytes of a text above which it is no path.
const maxPathLength = 4096

// FixedSuffix returns the known end of a text that is not known as a whole.
func (s *Scope) FixedSuffix(x hclsyntax.Expression, names Bound) string {
	for range maxDefinitions {
		switch inner := hcleval.Unwrap(x).(type) {
		case *hclsyntax.TemplateExpr:
			suffix := ""
			for _, part := range slices.Backward(inner.Parts) {
				text, known := hcleval.AsString(s.Evaluate(part, names))
				if !known {
					break
				}
				if suffix = text + suffix; len(suffix) > maxPathLength {
					return ""
				}
			}
			return suffix
		case *hclsyntax.ScopeTraversalExpr:
			name, _ := hcleval.AttrAt(inner.Traversal, 1)
			d, ok := s.Module.locals[name]
			if !ok || inner.Traversal.RootName() != "local" || len(inner.Traversal) != 2 {
				return ""
			}
			x, names = d.Expression, nil
		default:
			return ""
		}
	}
	return ""
}
