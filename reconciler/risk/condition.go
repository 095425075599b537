package risk

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// matches reports whether the condition of an entry holds for the value at a path. One that does
// not come out, because a value is not known before the apply or is of another type than
// expected, holds: what is not known is the worst it could be.
func (s *subject) matches(r *rule, at steps) bool {
	if r.When == nil {
		return true
	}
	ctx := &hcl.EvalContext{
		Variables: map[string]cty.Value{"before": s.valueBefore(at), "after": s.valueAfter(at)},
		Functions: maps.Clone(functions),
	}
	ctx.Functions["old"], ctx.Functions["new"] = lookup(s.valueBefore), lookup(s.valueAfter)
	ctx.Functions["destroysfirst"] = predicate(0, func([]cty.Value) bool { return s.change.Actions.DestroyBeforeCreate() })
	value, diags := r.When.Value(ctx)
	if diags.HasErrors() || !value.IsKnown() || value.IsNull() || value.Type() != cty.Bool {
		return true
	}
	return value.True()
}

func (s *subject) valueBefore(at steps) cty.Value { return toCty(valueAt(s.change.Before, at), nil) }

func (s *subject) valueAfter(at steps) cty.Value {
	return toCty(valueAt(s.change.After, at), unknownAt(s.change.AfterUnknown, at))
}

// functions are what conditions can call. The method holds adds three that depend on the
// change: old(path) and new(path) return the value at another path. destroysfirst() reports
// whether a replacement destroys before it creates.
var functions = map[string]function.Function{
	"num": numFunc, "str": strFunc, "isset": issetFunc, "removes": removesFunc, "length": lengthFunc,
	"lower": stdlib.LowerFunc, "traffic": trafficFunc, "sumof": sumofFunc, "changesin": changesinFunc, "forwards": forwardsFunc,
	"known": knownFunc, "denies": deniesFunc, "withdraws": withdrawsFunc, "narrows": narrowsFunc, "replicatesless": replicateslessFunc, "acts": actsFunc, "stops": stopsFunc,
	"sooner": soonerFunc, "expires": expiresFunc, "archives": archivesFunc, "backupsless": backupslessFunc,
	"protects": protectsFunc, "refuses": refusesFunc, "takesall": takesallFunc,
}

// checkCondition refuses a condition that names a variable or a function that there is not.
// It would never come out, so it would always hold.
func checkCondition(when hcl.Expression) error {
	for _, traversal := range when.Variables() {
		if name := traversal.RootName(); name != "before" && name != "after" {
			return fmt.Errorf("there is no variable %s", name)
		}
	}
	expression, ok := when.(hclsyntax.Expression)
	if !ok {
		return nil // there is no condition
	}
	var unknown error
	_ = hclsyntax.VisitAll(expression, func(node hclsyntax.Node) hcl.Diagnostics {
		if call, ok := node.(*hclsyntax.FunctionCallExpr); ok {
			if _, known := functions[call.Name]; !known && !slices.Contains([]string{"old", "new", "destroysfirst"}, call.Name) {
				unknown = fmt.Errorf("there is no function %s", call.Name)
			}
		}
		return nil
	})
	return unknown
}

// toCty returns a value of JSON for conditions. An unknown one is a value of any type, and so
// is one that cannot be read, such as a number in another form than Judge asks for.
func toCty(v, unknown any) cty.Value {
	if unknown == true {
		return cty.DynamicVal
	}
	switch v := v.(type) {
	case nil:
		if hasUnknown(unknown) {
			return cty.DynamicVal
		}
		return cty.NullVal(cty.DynamicPseudoType)
	case bool:
		return cty.BoolVal(v)
	case json.Number:
		if number, err := cty.ParseNumberVal(v.String()); err == nil {
			return number
		}
	case string:
		return cty.StringVal(v)
	case []any:
		marks := asType[[]any](unknown)
		var elements []cty.Value
		for i := range max(len(v), len(marks)) {
			elements = append(elements, toCty(element(v, i), element(marks, i)))
		}
		return cty.TupleVal(elements)
	case map[string]any:
		marks := asType[map[string]any](unknown)
		attributes := map[string]cty.Value{}
		for name := range marks {
			attributes[name] = toCty(nil, marks[name])
		}
		for name, value := range v {
			attributes[name] = toCty(value, marks[name])
		}
		return cty.ObjectVal(attributes)
	}
	return cty.DynamicVal
}

// anyValue is a parameter that takes every value, also one that is unknown.
var anyValue = function.Parameter{Name: "value", Type: cty.DynamicPseudoType, AllowNull: true, AllowUnknown: true, AllowDynamicType: true}

// predicate makes a function that is unknown where something in an argument is.
func predicate(parameters int, f func(args []cty.Value) bool) function.Function {
	return predicateWhere(parameters, func(args []cty.Value) bool {
		return !slices.ContainsFunc(args, func(arg cty.Value) bool { return !arg.IsWhollyKnown() })
	}, f)
}

// predicateWhere makes a function that is unknown unless isKnown finds all that it needs.
func predicateWhere(parameters int, isKnown, f func(args []cty.Value) bool) function.Function {
	return function.New(&function.Spec{
		Params: slices.Repeat([]function.Parameter{anyValue}, parameters),
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !isKnown(args) {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(f(args)), nil
		},
	})
}

// lookup makes the function that returns the value at a path, such as
// new("scaling.0.min"), or null.
func lookup(get func(steps) cty.Value) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.DynamicPseudoType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return get(strings.Split(args[0].AsString(), ".")), nil
		},
	})
}

// numFunc implements num(value, default): the value as a number, the default where it is none.
var numFunc = function.New(&function.Spec{
	Params: []function.Parameter{anyValue, {Name: "default", Type: cty.Number}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].IsKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		if n, ok := numberOf(args[0]); ok {
			return cty.NumberFloatVal(n), nil
		}
		return args[1], nil
	},
})

func numberOf(v cty.Value) (float64, bool) {
	switch {
	case v.IsNull():
		return 0, false
	case v.Type() == cty.Number:
		n, _ := v.AsBigFloat().Float64()
		return n, true
	case v.Type() == cty.String:
		n, err := strconv.ParseFloat(v.AsString(), 64)
		return n, err == nil
	}
	return 0, false
}

// issetFunc implements isset(value): neither null, false, zero nor empty.
var issetFunc = predicate(1, func(args []cty.Value) bool { return isSet(args[0]) })

func isSet(v cty.Value) bool {
	switch {
	case v.IsNull(), v.Type() == cty.Bool && v.False():
		return false
	case v.Type() == cty.String:
		return v.AsString() != "" && v.AsString() != "false"
	case v.Type() == cty.Number:
		return v.AsBigFloat().Sign() != 0
	case v.CanIterateElements():
		return v.LengthInt() > 0
	}
	return true
}

// protectsFunc implements protects(value): a protection or another function is in force. Some
// are a word, such as "ACTIVE".
var protectsFunc = predicate(1, func(args []cty.Value) bool {
	return isSet(args[0]) && !slices.Contains(offWords, strings.ToLower(textOf(args[0])))
})

// offWords are what providers call something that is not in force.
var offWords = []string{"inactive", "none", "disabled", "disable", "off", "suspended", "paused", "stopped"}

// knownFunc implements known(value): the plan shows the value. What the plan makes itself, such
// as a new bucket, is mostly known only after the apply.
var knownFunc = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		return cty.BoolVal(args[0].IsWhollyKnown() && !args[0].IsNull()), nil
	},
})

// narrowsFunc implements narrows(before, after): a range of addresses does not hold all that it
// held. One that was not set held nothing.
var narrowsFunc = predicate(2, func(args []cty.Value) bool {
	if !isSet(args[0]) {
		return false
	}
	before, err := netip.ParsePrefix(textOf(args[0]))
	after, afterErr := netip.ParsePrefix(textOf(args[1]))
	return err != nil || afterErr != nil || after.Bits() > before.Bits() || !after.Contains(before.Addr())
})

// removesFunc implements removes(before, after): an element of one list is not in the other.
var removesFunc = predicate(2, func(args []cty.Value) bool {
	after := elementsOf(args[1])
	for _, v := range elementsOf(args[0]) {
		if !containsValue(after, v) {
			return true
		}
	}
	return false
})

// lengthFunc implements length(list); that of null is 0.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{anyValue},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].IsKnown() {
			return cty.UnknownVal(cty.Number), nil
		}
		return cty.NumberIntVal(int64(len(elementsOf(args[0])))), nil
	},
})

func containsValue(list []cty.Value, v cty.Value) bool {
	for _, w := range list {
		if w.RawEquals(v) {
			return true
		}
	}
	return false
}

// elementsOf returns the elements of a list, none of any other value.
func elementsOf(v cty.Value) []cty.Value {
	if v.IsNull() || !v.CanIterateElements() || v.Type().IsObjectType() {
		return nil
	}
	return v.AsValueSlice()
}

// attribute returns an attribute of an object, or null. That of an unknown object is unknown.
func attribute(v cty.Value, name string) cty.Value {
	if !v.IsKnown() {
		return cty.DynamicVal
	}
	if v.IsNull() || !v.Type().IsObjectType() || !v.Type().HasAttribute(name) {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	return v.GetAttr(name)
}
