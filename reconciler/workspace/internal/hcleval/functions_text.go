package hcleval

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// formatFunc and joinFunc are the standard functions, except that they return the known
// beginning of the text if an argument is unknown.
var (
	formatFunc = withPrefix(stdlib.FormatFunc, cty.DynamicPseudoType, formatPrefix)
	joinFunc   = withPrefix(stdlib.JoinFunc, cty.List(cty.String), joinPrefix)
)

// withPrefix returns f, with prefix as the known beginning of an unknown result.
func withPrefix(f function.Function, more cty.Type, prefix func(first string, more []cty.Value) string) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "first", Type: cty.String}},
		VarParam: &function.Parameter{Name: "more", Type: more, AllowNull: true, AllowUnknown: true, AllowDynamicType: true},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, a := range args {
				if !a.IsWhollyKnown() {
					return UnknownWithPrefix(prefix(args[0].AsString(), args[1:])), nil
				}
			}
			return f.Call(args)
		},
	})
}

// formatPrefix formats up to the first verb that is not %s or whose argument is unknown.
func formatPrefix(layout string, args []cty.Value) string {
	var out strings.Builder
	for ; ; args = args[1:] {
		before, after, found := strings.Cut(layout, "%")
		out.WriteString(before)
		if !found || !strings.HasPrefix(after, "s") || len(args) == 0 {
			return out.String()
		}
		arg, err := convert.Convert(args[0], cty.String)
		text, ok := AsString(arg)
		if err != nil || !ok {
			return out.String()
		}
		out.WriteString(text)
		layout = after[1:]
	}
}

// joinPrefix joins the elements up to the first unknown one.
func joinPrefix(sep string, lists []cty.Value) string {
	prefix := ""
	for _, list := range lists {
		if !IsIterable(list) {
			return prefix
		}
		for it := list.ElementIterator(); it.Next(); {
			_, v := it.Element()
			text, ok := AsString(v)
			if !ok {
				return prefix
			}
			prefix += text + sep
		}
	}
	return prefix
}
