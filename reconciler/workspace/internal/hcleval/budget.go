package hcleval

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Limits of evaluation, so that no file of a repository can exhaust memory or time. A value
// beyond a limit is unknown, which makes the inputs wider.
const (
	MaxTextSize         = 1 << 20 // bytes of a text
	maxValueSize        = 8 << 20 // bytes of a value, strings and elements together
	maxExponent         = 1 << 12 // bits of a number
	maxExpressionSteps  = 1 << 19 // steps of one expression
	elementSize         = 128
	maxRegexpCost       = 1 << 25 // pattern instructions times the bytes that they scan
	maxDistinctElements = 1024    // elements, each compared with all the others
)

// MaxConfigSize is the maximum size in bytes of a file of configuration or settings; a
// larger file is an error.
const MaxConfigSize = 16 << 20

// sizeOf returns the approximate size of a value, and more than maxValueSize if it exceeds
// a limit. It stops there: a few values that share parts can stand for any number of
// elements.
func sizeOf(v cty.Value) int { return addSize(v, 0) }

// IsTooLarge reports whether a value exceeds a limit.
func IsTooLarge(v cty.Value) bool { return sizeOf(v) > maxValueSize }

func addSize(v cty.Value, size int) int {
	if size += elementSize; size > maxValueSize {
		return size
	}
	v, _ = v.Unmark()
	switch {
	case v == cty.NilVal || !v.IsKnown() || v.IsNull():
	case v.Type() == cty.String:
		text := v.AsString()
		if len(text) > MaxTextSize {
			return maxValueSize + 1
		}
		size += len(text)
	case v.Type() == cty.Number:
		if exponent := v.AsBigFloat().MantExp(nil); exponent > maxExponent || exponent < -maxExponent {
			return maxValueSize + 1
		}
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next() && size <= maxValueSize; {
			k, element := it.Element()
			key, _ := AsString(k)
			size = addSize(element, size+len(key))
		}
	}
	return size
}

func lengthOf(v cty.Value) int {
	v, _ = v.Unmark()
	if v == cty.NilVal || !v.IsKnown() || v.IsNull() || !v.CanIterateElements() {
		return 0
	}
	n, longest := 0, 0
	for it := v.ElementIterator(); it.Next(); n++ {
		_, element := it.Element()
		longest = max(longest, lengthOf(element))
	}
	return max(n, longest)
}

// ConversionCost returns the steps that it takes to convert the tuples in v to lists: each
// element's type is compared with all the others.
func ConversionCost(v cty.Value) int {
	v, _ = v.Unmark()
	if v == cty.NilVal || !IsIterable(v) {
		return 0
	}
	cost, n := 0, 0
	for it := v.ElementIterator(); it.Next() && cost <= maxExpressionSteps; n++ {
		_, element := it.Element()
		cost += ConversionCost(element)
	}
	if v.Type().IsTupleType() {
		cost += n * n / 128
	}
	return cost
}

// withSizeLimit returns f with an unknown result if its arguments or its result would be
// too large.
func withSizeLimit(name string, f function.Function) function.Function {
	maxResultSize := maxResultSizes[name]
	if maxResultSize == nil {
		return f
	}
	spec := &function.Spec{VarParam: f.VarParam(), Params: f.Params(), Type: f.ReturnTypeForValues}
	spec.Impl = func(args []cty.Value, want cty.Type) (cty.Value, error) {
		if maxResultSize(args) > MaxTextSize {
			return cty.UnknownVal(want), nil
		}
		return f.Call(args)
	}
	return function.New(spec)
}

// maxResultSizes returns, by function, the maximum size of the result. It lists the
// functions whose result can be far larger than their arguments.
var maxResultSizes = map[string]func(args []cty.Value) int{
	"format":     maxFormatSize,
	"formatlist": maxFormatSize,
	"join": func(args []cty.Value) int {
		size, count := 0, 0
		for _, list := range args[1:] {
			if size = addSize(list, size); size > maxValueSize {
				return size
			}
			count += size / elementSize
		}
		return size + count*lengthOfText(args[0])
	},
	"replace": func(args []cty.Value) int {
		n, replacement := lengthOfText(args[0]), lengthOfText(args[2])
		old, _ := AsString(args[1])
		if text, ok := AsString(args[0]); ok && old != "" && !strings.HasPrefix(old, "/") {
			return n + strings.Count(text, old)*replacement
		}
		if regexpCost(args[1], n) > maxRegexpCost {
			return MaxTextSize + 1
		}
		return n + (n+1)*max(replacement, n*strings.Count(textOrEmpty(args[2]), "$"))
	},
	"indent": func(args []cty.Value) int {
		return lengthOfText(args[1]) + (strings.Count(textOrEmpty(args[1]), "\n")+1)*clampedInt(args[0])
	},
	"regex": func(args []cty.Value) int {
		if regexpCost(args[0], lengthOfText(args[1])) > maxRegexpCost {
			return MaxTextSize + 1
		}
		return 0
	},
	"regexall": func(args []cty.Value) int {
		n := lengthOfText(args[1])
		if regexpCost(args[0], n) > maxRegexpCost || n*(strings.Count(textOrEmpty(args[0]), "(")+1) > MaxTextSize {
			return MaxTextSize + 1
		}
		return 0
	},
	"distinct": func(args []cty.Value) int {
		if args[0].CanIterateElements() && args[0].LengthInt() > maxDistinctElements {
			return MaxTextSize + 1
		}
		return 0
	},
	"setproduct": func(args []cty.Value) int {
		product := 1
		for _, set := range args {
			if product *= max(lengthOf(set), 1); product > MaxTextSize {
				return product
			}
		}
		return product * elementSize * len(args)
	},
}

// regexpCost returns the maximum cost of matching a pattern against n bytes.
func regexpCost(pattern cty.Value, n int) int {
	parsed, err := syntax.Parse(strings.Trim(textOrEmpty(pattern), "/"), syntax.Perl)
	if err != nil {
		return 0 // the function reports the bad pattern
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(compiled.Inst) * n
}

var formatWidths = regexp.MustCompile(`\d+`)

// maxFormatSize assumes each argument for each verb, and adds all widths.
func maxFormatSize(args []cty.Value) int {
	layout := textOrEmpty(args[0])
	size := 0
	for _, arg := range args[1:] {
		if size = addSize(arg, size); size > maxValueSize {
			return size
		}
	}
	total := len(layout) + strings.Count(layout, "%")*size
	for _, digits := range formatWidths.FindAllString(layout, -1) {
		n, err := strconv.Atoi(digits)
		if err != nil || n > MaxTextSize {
			return MaxTextSize + 1
		}
		total += n
	}
	if strings.Contains(layout, "*") { // a width that is an argument
		return MaxTextSize + 1
	}
	return total
}

func textOrEmpty(v cty.Value) string { text, _ := AsString(v); return text }

func lengthOfText(v cty.Value) int { return len(textOrEmpty(v)) }

func clampedInt(v cty.Value) int {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return 0
	}
	n, _ := v.AsBigFloat().Int64()
	return int(min(max(n, 0), MaxTextSize+1))
}
