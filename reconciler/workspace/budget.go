package workspace

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Bounds of evaluating, so that nothing that a repository holds takes all
// memory, or for ever. What is larger is unknown, which widens.
const (
	maxText     = 1 << 20 // bytes of a text
	maxSize     = 8 << 20 // of a value, texts and elements together
	maxExponent = 1 << 12 // of a number, in bits
	maxLoops    = 1 << 19 // steps of one expression
	maxSteps    = 1 << 20 // of one workspace
	valueCost   = 4       // steps of evaluating any expression
	elementSize = 128
	maxMatching = 1 << 25 // instructions of a pattern for each byte that it looks at
	maxDistinct = 1024    // elements, each compared with all others
)

// Texts of files.
const (
	maxConfig = 16 << 20 // of configuration and settings; more is refused
)

// sizeOf returns about how much a value holds; more than maxSize if it is too
// large for one of the bounds. It stops there: a few values that hold one
// another can stand for as many elements as one likes.
func sizeOf(v cty.Value) int { return addSize(v, 0) }

func addSize(v cty.Value, size int) int {
	if size += elementSize; size > maxSize {
		return size
	}
	v, _ = v.Unmark()
	switch {
	case v == cty.NilVal || !v.IsKnown() || v.IsNull():
	case v.Type() == cty.String:
		text := v.AsString()
		if len(text) > maxText {
			return maxSize + 1
		}
		size += len(text)
	case v.Type() == cty.Number:
		if exponent := v.AsBigFloat().MantExp(nil); exponent > maxExponent || exponent < -maxExponent {
			return maxSize + 1
		}
	case v.CanIterateElements():
		for it := v.ElementIterator(); it.Next() && size <= maxSize; {
			k, element := it.Element()
			key, _ := asString(k)
			size = addSize(element, size+len(key))
		}
	}
	return size
}

// lengthOf returns the length of the longest collection in v.
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

// conversionCost returns how many steps it takes to make lists of the tuples
// in v: each element's type is compared with all others.
func conversionCost(v cty.Value) int {
	v, _ = v.Unmark()
	if v == cty.NilVal || !iterable(v) {
		return 0
	}
	cost, n := 0, 0
	for it := v.ElementIterator(); it.Next() && cost <= maxLoops; n++ {
		_, element := it.Element()
		cost += conversionCost(element)
	}
	if v.Type().IsTupleType() {
		cost += n * n / 128
	}
	return cost
}

// bounded returns f with an unknown result where its arguments, or what it
// makes of them, would be too large.
func bounded(name string, f function.Function) function.Function {
	grows := growth[name]
	if grows == nil {
		return f
	}
	spec := &function.Spec{VarParam: f.VarParam(), Params: f.Params(), Type: f.ReturnTypeForValues}
	spec.Impl = func(args []cty.Value, want cty.Type) (cty.Value, error) {
		if grows(args) > maxText {
			return cty.UnknownVal(want), nil
		}
		return f.Call(args)
	}
	return function.New(spec)
}

// growth tells how large the result of a function is at most, where that can
// be far more than its arguments.
var growth = map[string]func(args []cty.Value) int{
	"format":     formatted,
	"formatlist": formatted,
	"join": func(args []cty.Value) int {
		size, count := 0, 0
		for _, list := range args[1:] {
			if size = addSize(list, size); size > maxSize {
				return size
			}
			count += size / elementSize
		}
		return size + count*lengthOfText(args[0])
	},
	"replace": func(args []cty.Value) int {
		n, with := lengthOfText(args[0]), lengthOfText(args[2])
		old, _ := asString(args[1])
		if text, ok := asString(args[0]); ok && old != "" && !strings.HasPrefix(old, "/") {
			return n + strings.Count(text, old)*with
		}
		if matching(args[1], n) > maxMatching {
			return maxText + 1
		}
		return n + (n+1)*max(with, n*strings.Count(textOr(args[2]), "$"))
	},
	"indent": func(args []cty.Value) int {
		return lengthOfText(args[1]) + (strings.Count(textOr(args[1]), "\n")+1)*wholeNumber(args[0])
	},
	"regex": func(args []cty.Value) int {
		if matching(args[0], lengthOfText(args[1])) > maxMatching {
			return maxText + 1
		}
		return 0
	},
	"regexall": func(args []cty.Value) int {
		n := lengthOfText(args[1])
		if matching(args[0], n) > maxMatching || n*(strings.Count(textOr(args[0]), "(")+1) > maxText {
			return maxText + 1
		}
		return 0
	},
	"distinct": func(args []cty.Value) int {
		if args[0].CanIterateElements() && args[0].LengthInt() > maxDistinct {
			return maxText + 1
		}
		return 0
	},
	"setproduct": func(args []cty.Value) int {
		product := 1
		for _, set := range args {
			if product *= max(lengthOf(set), 1); product > maxText {
				return product
			}
		}
		return product * elementSize * len(args)
	},
}

// matching returns how long looking for a pattern in n bytes takes at most.
func matching(pattern cty.Value, n int) int {
	parsed, err := syntax.Parse(strings.Trim(textOr(pattern), "/"), syntax.Perl)
	if err != nil {
		return 0 // the function says so
	}
	compiled, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return 0
	}
	return len(compiled.Inst) * n
}

var formatNumbers = regexp.MustCompile(`\d+`)

// formatted is at most each argument for each verb, and all widths.
func formatted(args []cty.Value) int {
	layout := textOr(args[0])
	size := 0
	for _, arg := range args[1:] {
		if size = addSize(arg, size); size > maxSize {
			return size
		}
	}
	total := len(layout) + strings.Count(layout, "%")*size
	for _, digits := range formatNumbers.FindAllString(layout, -1) {
		n, err := strconv.Atoi(digits)
		if err != nil || n > maxText {
			return maxText + 1
		}
		total += n
	}
	if strings.Contains(layout, "*") { // a width that is an argument
		return maxText + 1
	}
	return total
}

func textOr(v cty.Value) string { text, _ := asString(v); return text }

func lengthOfText(v cty.Value) int { return len(textOr(v)) }

func wholeNumber(v cty.Value) int {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number {
		return 0
	}
	n, _ := v.AsBigFloat().Int64()
	return int(min(max(n, 0), maxText+1))
}
