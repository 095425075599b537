package workspace

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// formatFunc and joinFunc are the standard ones, but where an argument is
// unknown they keep the beginning of the text, up to there.
var (
	formatFunc = withPrefix(stdlib.FormatFunc, cty.DynamicPseudoType, formatPrefix)
	joinFunc   = withPrefix(stdlib.JoinFunc, cty.List(cty.String), joinPrefix)
)

// withPrefix returns f, which takes a string and more, with prefix as the
// beginning of results that are not known.
func withPrefix(f function.Function, more cty.Type, prefix func(first string, more []cty.Value) string) function.Function {
	return function.New(&function.Spec{
		Params:   []function.Parameter{{Name: "first", Type: cty.String}},
		VarParam: &function.Parameter{Name: "more", Type: more, AllowNull: true, AllowUnknown: true, AllowDynamicType: true},
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, a := range args {
				if !a.IsWhollyKnown() {
					return unknownWithPrefix(prefix(args[0].AsString(), args[1:])), nil
				}
			}
			return f.Call(args)
		},
	})
}

// formatPrefix formats as far as the arguments of plain %s are known.
func formatPrefix(layout string, args []cty.Value) string {
	var out strings.Builder
	for ; ; args = args[1:] {
		before, after, found := strings.Cut(layout, "%")
		out.WriteString(before)
		if !found || !strings.HasPrefix(after, "s") || len(args) == 0 {
			return out.String()
		}
		arg, err := convert.Convert(args[0], cty.String)
		text, ok := asString(arg)
		if err != nil || !ok {
			return out.String()
		}
		out.WriteString(text)
		layout = after[1:]
	}
}

// joinPrefix joins as far as elements are known.
func joinPrefix(sep string, lists []cty.Value) string {
	prefix := ""
	for _, list := range lists {
		if !isIterable(list) {
			return prefix
		}
		for it := list.ElementIterator(); it.Next(); {
			_, v := it.Element()
			text, ok := asString(v)
			if !ok {
				return prefix
			}
			prefix += text + sep
		}
	}
	return prefix
}
