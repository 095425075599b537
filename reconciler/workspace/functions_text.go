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
	formatFunc = beginning(stdlib.FormatFunc, formatPrefix)
	joinFunc   = beginning(stdlib.JoinFunc, joinPrefix)
)

// beginning returns f with prefix as the beginning of results that are not
// known.
func beginning(f function.Function, prefix func(args []cty.Value) string) function.Function {
	return function.New(&function.Spec{
		VarParam: anything,
		Type:     function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			for _, a := range args {
				if !a.IsWhollyKnown() {
					return unknownWith(prefix(args)), nil
				}
			}
			return f.Call(args)
		},
	})
}

// formatPrefix formats as far as the arguments of plain %s are known.
func formatPrefix(args []cty.Value) string {
	layout, ok := asString(args[0])
	if !ok {
		return ""
	}
	var out strings.Builder
	for args = args[1:]; ; args = args[1:] {
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
func joinPrefix(args []cty.Value) string {
	sep, ok := asString(args[0])
	if !ok {
		return ""
	}
	prefix := ""
	for _, list := range args[1:] {
		if !list.CanIterateElements() || list.Type().IsSetType() { // the order of a set may yet change
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
