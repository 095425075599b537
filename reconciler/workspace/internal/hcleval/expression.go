package hcleval

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Unwrap removes parentheses and templates around a single expression.
func Unwrap(x hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch inner := x.(type) {
		case *hclsyntax.ParenthesesExpr:
			x = inner.Expression
		case *hclsyntax.TemplateWrapExpr:
			x = inner.Wrapped
		case meteredExpr:
			x = inner.Expression
		default:
			return x
		}
	}
}

// ConstantString returns the value of e if e is a string without references.
func ConstantString(e hclsyntax.Expression) (string, bool) {
	if v, ok := LiteralText(e); ok {
		return AsString(v)
	}
	v, diags := Evaluate(e, nil)
	if diags.HasErrors() {
		return "", false
	}
	return AsString(v)
}

// LiteralText returns the value of a quoted text without any sequence; ok is false for other
// expressions.
func LiteralText(x hclsyntax.Expression) (text cty.Value, ok bool) {
	t, ok := x.(*hclsyntax.TemplateExpr)
	if !ok || !t.IsStringLiteral() {
		return cty.NilVal, false
	}
	text, diags := t.Parts[0].Value(nil)
	return text, !diags.HasErrors()
}

// ConstantValue returns the value of an expression without references.
func ConstantValue(x hclsyntax.Expression) cty.Value {
	v, diags := x.Value(nil)
	if diags.HasErrors() {
		return cty.DynamicVal
	}
	return v
}

// KeyName returns the constant key of an object's item.
func KeyName(e hclsyntax.Expression) string {
	if keyword := hcl.ExprAsKeyword(e); keyword != "" {
		return keyword
	}
	text, _ := ConstantString(e)
	return text
}

// AttrAt returns the name of an attribute step of t.
func AttrAt(t hcl.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	a, ok := t[i].(hcl.TraverseAttr)
	return a.Name, ok
}

// unknownCondition replaces the condition of a conditional. It is never known, so that both
// branches count, and it hides nothing that the condition contains.
type unknownCondition struct{ *hclsyntax.ParenthesesExpr }

// Value implements hclsyntax.Expression.
func (unknownCondition) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return cty.UnknownVal(cty.Bool), nil
}

// HideConditions makes every condition below a node unknown.
func HideConditions(n hclsyntax.Node) {
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		if conditional, ok := n.(*hclsyntax.ConditionalExpr); ok {
			conditional.Condition = unknownCondition{&hclsyntax.ParenthesesExpr{Expression: conditional.Condition, SrcRange: conditional.Condition.Range()}}
		}
		return nil
	})
}
