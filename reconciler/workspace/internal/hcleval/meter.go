package hcleval

import (
	"errors"
	"reflect"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Meter counts the steps of evaluating one expression. It counts them where an expression
// can cost many times the size of its text and values: see meterTree.
type Meter struct {
	Steps    int // of the last evaluation
	exceeded bool
}

// errBudgetExceeded stops an evaluation. It is a panic value, because a loop continues
// after errors.
var errBudgetExceeded = errors.New("the evaluation exceeds its step limit")

// meterName is not a name that configuration can refer to.
const meterName = "\x00meter"

var meterType = cty.Capsule("meter", reflect.TypeFor[Meter]())

// EvaluatePartially returns the value of x, or the part of it that is certain. It adds
// itself to the variables of ctx. If the evaluation or its value exceeds a limit, ok is
// false and the value is unknown.
func (m *Meter) EvaluatePartially(x hclsyntax.Expression, ctx *hcl.EvalContext) (v cty.Value, ok bool) {
	ctx.Variables[meterName] = cty.CapsuleVal(meterType, m)
	if !m.runWithin(func() { v = certainValue(x, ctx) }) || IsTooLarge(v) {
		return cty.DynamicVal, false
	}
	return v, true
}

// meterOf returns the meter of the evaluation that ctx belongs to, or nil.
func meterOf(ctx *hcl.EvalContext) *Meter {
	for ; ctx != nil; ctx = ctx.Parent() {
		if v, ok := ctx.Variables[meterName]; ok {
			return v.EncapsulatedValue().(*Meter)
		}
	}
	return nil
}

func (m *Meter) addSteps(n int) {
	if m == nil {
		return
	}
	if m.Steps += n; m.Steps > maxExpressionSteps || m.exceeded {
		m.exceeded = true
		panic(errBudgetExceeded)
	}
}

// runWithin calls evaluate and reports whether it stayed within the limits. Functions such
// as try() recover from the panic, but the meter still knows.
func (m *Meter) runWithin(evaluate func()) (ok bool) {
	m.Steps, m.exceeded = 0, false
	defer func() {
		r := recover()
		if err, ok := r.(error); r != nil && !(ok && errors.Is(err, errBudgetExceeded)) {
			panic(r)
		}
		ok = !m.exceeded
	}()
	evaluate()
	return true
}

// meteredExpr counts the evaluation of an expression, and hides nothing of it.
type meteredExpr struct {
	*hclsyntax.ParenthesesExpr
	use exprUse
}

type exprUse int

const (
	useDiscard  exprUse = iota // examined, then discarded
	useNumber                  // used as a number
	useConvert                 // may be converted to another type
	useKeep                    // part of the result
	useLoopBody                // part of the result, and evaluated for each element
)

// keepCost is the cost of storing a value, relative to the cost of examining it.
const keepCost = 8

// Value implements hclsyntax.Expression.
func (e meteredExpr) Value(ctx *hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	m := meterOf(ctx)
	if m == nil {
		return e.Expression.Value(ctx)
	}
	cost := 1
	if e.use == useLoopBody {
		cost += (e.SrcRange.End.Byte - e.SrcRange.Start.Byte) / 64
	}
	m.addSteps(cost)
	v, diags := e.Expression.Value(ctx)
	if diags.HasErrors() {
		m.addSteps(100) // each one stores its position and the values there
	}
	if unmarked, marks := v.Unmark(); e.use == useNumber && unmarked.Type() == cty.String {
		if number, err := convert.Convert(unmarked, cty.Number); err == nil {
			v = number.WithMarks(marks)
		}
	}
	size := sizeOf(v)
	if size > maxValueSize {
		m.addSteps(maxExpressionSteps)
	}
	switch e.use {
	case useKeep, useLoopBody:
		size *= keepCost
	case useConvert:
		m.addSteps(ConversionCost(v))
	}
	m.addSteps(size / 1024)
	return v, diags
}

// StripMeter returns the expression that x counts, or x itself.
func StripMeter(x hclsyntax.Expression) hclsyntax.Expression {
	if metered, ok := x.(meteredExpr); ok {
		return metered.Expression
	}
	return x
}

// UnwrapExpression returns the expression itself to code that examines its parts.
func (e meteredExpr) UnwrapExpression() hcl.Expression { return e.Expression }

// meterTree counts the steps of every expression below n.
func meterTree(n hclsyntax.Node) {
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ForExpr:
			meterExpr(&n.CollExpr, useDiscard)
			meterExpr(&n.KeyExpr, useLoopBody)
			meterExpr(&n.ValExpr, useLoopBody)
			meterExpr(&n.CondExpr, useLoopBody)
		case *hclsyntax.FunctionCallExpr:
			for i := range n.Args {
				meterExpr(&n.Args[i], useConvert)
			}
		case *hclsyntax.TemplateExpr:
			for i := range n.Parts {
				meterExpr(&n.Parts[i], useKeep)
			}
		case *hclsyntax.BinaryOpExpr:
			use := useDiscard
			switch {
			case n.Op == hclsyntax.OpEqual, n.Op == hclsyntax.OpNotEqual:
				use = useKeep // a comparison costs about as much
			case n.Op.Type == cty.Number:
				use = useNumber
			}
			meterExpr(&n.LHS, use)
			meterExpr(&n.RHS, use)
		case *hclsyntax.UnaryOpExpr:
			if n.Op.Type == cty.Number {
				meterExpr(&n.Val, useNumber)
			}
		case *hclsyntax.ConditionalExpr:
			meterExpr(&n.TrueResult, useConvert)
			meterExpr(&n.FalseResult, useConvert)
		case *hclsyntax.SplatExpr:
			meterExpr(&n.Source, useDiscard)
		}
		return nil
	})
}

func meterExpr(x *hclsyntax.Expression, use exprUse) {
	if *x == nil {
		return
	}
	if literal, ok := (*x).(*hclsyntax.LiteralValueExpr); ok && use != useNumber && use != useLoopBody && literal.Val.Type() != cty.Number {
		return
	}
	*x = meteredExpr{&hclsyntax.ParenthesesExpr{Expression: *x, SrcRange: (*x).Range()}, use}
}

// Evaluate evaluates an expression that refers only to names in ctx; ctx may be nil.
func Evaluate(x hcl.Expression, ctx *hcl.EvalContext) (v cty.Value, diags hcl.Diagnostics) {
	for _, t := range x.Variables() { // reports the names without the meter among them
		if _, diags := t.TraverseAbs(ctx); diags.HasErrors() {
			return cty.DynamicVal, diags
		}
	}
	m := &Meter{}
	inner := ctx.NewChild()
	inner.Variables = map[string]cty.Value{meterName: cty.CapsuleVal(meterType, m)}
	if !m.runWithin(func() { v, diags = x.Value(inner) }) || IsTooLarge(v) {
		return cty.DynamicVal, nil
	}
	return v, diags
}
