package hcleval

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// The functions of this file have the names of cty's own, but Terraform's behavior.

// coalesceFunc is Terraform's coalesce(), which also skips empty strings.
var coalesceFunc = function.New(&function.Spec{
	VarParam: AnyParameter,
	Type: func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, v := range args {
			types[i] = v.Type()
		}
		common, _ := convert.UnifyUnsafe(types)
		if common == cty.NilType {
			return cty.NilType, errors.New("all arguments must have the same type")
		}
		return common, nil
	},
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		for _, v := range args {
			v, err := convert.Convert(v, want)
			if err != nil {
				return cty.NilVal, err
			}
			if !v.IsKnown() {
				return cty.UnknownVal(want), nil
			}
			if !v.IsNull() && !(want == cty.String && v.AsString() == "") {
				return v, nil
			}
		}
		return cty.NilVal, errors.New("no non-null, non-empty-string arguments")
	},
})

// indexFunc is Terraform's index(), which returns the position of a value.
var indexFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if !args[0].Type().IsListType() && !args[0].Type().IsTupleType() {
			return cty.NilVal, errors.New("argument must be a list or tuple")
		}
		for it := args[0].ElementIterator(); it.Next(); {
			i, v := it.Element()
			equal, err := stdlib.Equal(v, args[1])
			if err != nil {
				return cty.NilVal, err
			}
			if !equal.IsKnown() {
				return cty.UnknownVal(cty.Number), nil
			}
			if equal.True() {
				return i, nil
			}
		}
		return cty.NilVal, errors.New("item not found")
	},
})

// elementFunc is Terraform's element(). Versions of Terraform differ where the index is
// negative, so the result is unknown there.
var elementFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}, {Name: "index", Type: cty.Number}},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if args[1].AsBigFloat().Sign() < 0 {
			return cty.DynamicVal, nil
		}
		return stdlib.ElementFunc.Call(args)
	},
})

// lookupFunc is Terraform's lookup(), whose default may be left out.
var lookupFunc = function.New(&function.Spec{
	Params:   []function.Parameter{{Name: "map", Type: cty.DynamicPseudoType}, {Name: "key", Type: cty.String}},
	VarParam: AnyParameter,
	Type:     lookupType,
	Impl: func(args []cty.Value, want cty.Type) (cty.Value, error) {
		elements, key := args[0], args[1]
		switch {
		case elements.Type().IsObjectType() && elements.Type().HasAttribute(key.AsString()):
			return elements.GetAttr(key.AsString()), nil
		case elements.Type().IsMapType():
			has := elements.HasIndex(key)
			if !has.IsKnown() {
				return cty.UnknownVal(want), nil
			}
			if has.True() {
				return elements.Index(key), nil
			}
		}
		if len(args) < 3 {
			return cty.NilVal, fmt.Errorf("lookup failed to find key %q", key.AsString())
		}
		return convert.Convert(args[2], want)
	},
})

// lookupType returns the type of the element or of the default.
func lookupType(args []cty.Value) (cty.Type, error) {
	if len(args) > 3 {
		return cty.NilType, errors.New("lookup() takes two or three arguments")
	}
	t := args[0].Type()
	switch {
	case t.IsMapType():
		return t.ElementType(), nil
	case !t.IsObjectType():
		return cty.NilType, errors.New("lookup() requires a map as the first argument")
	case !args[1].IsKnown():
		return cty.DynamicPseudoType, nil
	case t.HasAttribute(args[1].AsString()):
		return t.AttributeType(args[1].AsString()), nil
	case len(args) == 3:
		return args[2].Type(), nil
	}
	return cty.NilType, fmt.Errorf("the given object has no attribute %q", args[1].AsString())
}

// oneFunc is Terraform's one().
var oneFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		list := args[0]
		if !IsIterable(list) {
			return cty.NilVal, errors.New("must be a list, set, or tuple")
		}
		one := cty.NullVal(cty.DynamicPseudoType)
		for i, it := 0, list.ElementIterator(); it.Next(); i++ {
			if i > 0 {
				return cty.NilVal, errors.New("must be of no or one element")
			}
			_, one = it.Element()
		}
		return one, nil
	},
})

// lengthFunc is Terraform's length(), which also accepts strings and objects.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch t := args[0].Type(); {
		case t == cty.String:
			return stdlib.Strlen(args[0])
		case t.IsObjectType():
			return cty.NumberIntVal(int64(len(t.AttributeTypes()))), nil
		}
		return stdlib.Length(args[0])
	},
})
