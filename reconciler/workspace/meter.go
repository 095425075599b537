package workspace

import (
	"errors"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// meter counts the steps of evaluating one expression. Steps are counted where
// an expression can take many times what its text and its values are: see
// meterBelow.
type meter struct {
	steps    int
	exceeded bool
}

// errExceeded stops an evaluation. It is thrown, since a loop goes on through
// errors.
var errExceeded = errors.New("evaluating takes more steps than it may")

// meterName is no name that configuration can refer to.
const meterName = "\x00meter"

var meterType = cty.Capsule("meter", reflect.TypeFor[meter]())

// value is what a context holds for expressions to find the meter by.
func (m *meter) value() map[string]cty.Value {
	return map[string]cty.Value{meterName: cty.CapsuleVal(meterType, m)}
}

// meterOf returns the meter of the evaluation that ctx belongs to; nil for
// one without.
func meterOf(ctx *hcl.EvalContext) *meter {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[meterName]; ok {
			return v.EncapsulatedValue().(*meter)
		}
	}
	return nil
}

// take counts n more steps.
func (m *meter) take(n int) {
	if m == nil {
		return
	}
	if m.steps += n; m.steps > maxLoops || m.exceeded {
		m.exceeded = true
		panic(errExceeded)
	}
}

// within calls evaluate, and reports whether it stayed within the bounds.
// Functions catch what is thrown, as try() does, and the meter still knows.
func (m *meter) within(evaluate func()) (ok bool) {
	m.steps, m.exceeded = 0, false
	defer func() {
		r := recover()
		if err, ok := r.(error); r != nil && !(ok && errors.Is(err, errExceeded)) {
			panic(r)
		}
		ok = !m.exceeded
	}()
	evaluate()
	return true
}

// step stands for an expression whose evaluation is counted, and hides nothing
// of it.
type step struct {
	*hclsyntax.ParenthesesExpr
	kind stepKind
}

type stepKind int

const (
	used      stepKind = iota // looked through, and given up
	operand                   // used as a number
	converted                 // perhaps, to another type
	kept                      // part of what is being made
	body                      // kept, and evaluated for each element
)

// keptCost is how many times more it costs to keep a value than to look at it.
const keptCost = 8

// Value implements hclsyntax.Expression.
func (x step) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	if m == nil {
		return x.Expression.Value(ctx)
	}
	cost := 1
	if x.kind == body {
		cost += (x.SrcRange.End.Byte - x.SrcRange.Start.Byte) / 64
	}
	m.take(cost)
	v, diags := x.Expression.Value(ctx)
	if diags.HasErrors() {
		m.take(100) // each keeps its place, and the values there
	}
	if bare, marks := v.Unmark(); x.kind == operand && bare.Type() == cty.String {
		if number, err := convert.Convert(bare, cty.Number); err == nil {
			v = number.WithMarks(marks)
		}
	}
	size := sizeOf(v)
	if size > maxSize {
		m.take(maxLoops)
	}
	switch x.kind {
	case kept, body:
		size *= keptCost
	case converted:
		m.take(conversionCost(v))
	}
	m.take(size / 1024)
	return v, diags
}

// UnwrapExpression returns the expression itself to those who look for what
// it consists of.
func (x step) UnwrapExpression() hcl.Expression { return x.Expression }

// meterBelow counts the steps of every expression below n.
func meterBelow(n hclsyntax.Node) {
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ForExpr:
			metered(&n.CollExpr, used)
			metered(&n.KeyExpr, body)
			metered(&n.ValExpr, body)
			metered(&n.CondExpr, body)
		case *hclsyntax.FunctionCallExpr:
			for i := range n.Args {
				metered(&n.Args[i], converted)
			}
		case *hclsyntax.TemplateExpr:
			for i := range n.Parts {
				metered(&n.Parts[i], kept)
			}
		case *hclsyntax.BinaryOpExpr:
			kind := used
			switch {
			case n.Op == hclsyntax.OpEqual, n.Op == hclsyntax.OpNotEqual:
				kind = kept // comparing takes about as long
			case n.Op.Type == cty.Number:
				kind = operand
			}
			metered(&n.LHS, kind)
			metered(&n.RHS, kind)
		case *hclsyntax.UnaryOpExpr:
			if n.Op.Type == cty.Number {
				metered(&n.Val, operand)
			}
		case *hclsyntax.ConditionalExpr:
			metered(&n.TrueResult, converted)
			metered(&n.FalseResult, converted)
		case *hclsyntax.SplatExpr:
			metered(&n.Source, used)
		}
		return nil
	})
}

// metered makes the evaluation of x a step of a kind.
func metered(x *hclsyntax.Expression, kind stepKind) {
	if *x == nil {
		return
	}
	if literal, ok := (*x).(*hclsyntax.LiteralValueExpr); ok && kind != operand && kind != body && literal.Val.Type() != cty.Number {
		return
	}
	*x = step{&hclsyntax.ParenthesesExpr{Expression: *x, SrcRange: (*x).Range()}, kind}
}

// exceeds warns that x is not known, as evaluating it takes too much.
func (e *evaluation) exceeds(x hclsyntax.Expression) {
	e.warnings = append(e.warnings, problemAt(x.Range().Filename, x.Range(),
		"its value is larger, or takes more steps, than is worked out here: it is not known, and what it may name counts"))
}

// boundedValue evaluates what refers to nothing but what ctx has, which may be
// nil.
func boundedValue(x hcl.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	for _, t := range x.Variables() { // said as if there were no meter among the names
		if _, diags := t.TraverseAbs(ctx); diags.HasErrors() {
			return cty.DynamicVal, diags
		}
	}
	m := &meter{}
	inner := ctx.NewChild()
	inner.Variables = m.value()
	if !m.within(func() { v, diags = x.Value(inner) }) || sizeOf(v) > maxSize {
		return cty.DynamicVal, nil
	}
	return v, diags
}
