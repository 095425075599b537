package workspace

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// Bounds of evaluating, so that nothing that a repository holds takes all
// memory, or for ever. What is larger is unknown, which widens.
const (
	maxText     = 1 << 20 // bytes of a text
	maxSize     = 8 << 20 // of a value, texts and elements together
	maxExponent = 1 << 12 // of a number, in bits
	maxLoops    = 1 << 20 // how often the innermost part of an expression is gone through
	maxSteps    = 500_000 // of one workspace
	elementSize = 128
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

// costOf returns about how much an expression holds together with all that it
// refers to, and whether evaluating it stays within the bounds: by that, and
// by how deep its loops lie in each other.
func costOf(x hclsyntax.Expression, ctx *hcl.EvalContext) (size int, ok bool) {
	if _, ok := x.(*hclsyntax.LiteralValueExpr); ok {
		return elementSize, true
	}
	w := &costWalker{ctx: ctx, longest: 1}
	_ = hclsyntax.Walk(x, w)
	if w.size > maxSize {
		return w.size, false
	}
	if w.splits {
		w.longest = max(w.longest, w.size)
	}
	loops := 1
	for range w.deepest {
		if loops *= w.longest; loops > maxLoops {
			return w.size, false
		}
	}
	return w.size, !w.joins || loops*w.size <= 8*maxSize
}

// costWalker finds what makes an expression expensive.
type costWalker struct {
	ctx            *hcl.EvalContext
	depth, deepest int  // of loops
	longest, size  int  // of what is gone through, and of all values
	splits         bool // texts into lists
	joins          bool // what a loop yields, into a text
}

func (w *costWalker) refers(v cty.Value) {
	if w.size += sizeOf(v); w.size <= maxSize {
		w.longest = max(w.longest, lengthOf(v))
	}
}

// Enter implements hclsyntax.Walker.
func (w *costWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.ForExpr:
		w.depth++
		w.deepest = max(w.deepest, w.depth)
	case *hclsyntax.TemplateJoinExpr:
		w.joins = true
	case *hclsyntax.TupleConsExpr:
		w.longest = max(w.longest, len(n.Exprs))
	case *hclsyntax.ObjectConsExpr:
		w.longest = max(w.longest, len(n.Items))
	case *hclsyntax.FunctionCallExpr:
		switch name := strings.TrimPrefix(n.Name, "core::"); name {
		case "range", "setproduct":
			w.longest = max(w.longest, longestMade)
		case "file", "filebase64", "fileset":
			w.longest = max(w.longest, maxFiles)
		case "split", "regexall", "jsondecode", "csvdecode":
			w.splits = true
		}
	case *hclsyntax.LiteralValueExpr:
		w.refers(n.Val)
	case *hclsyntax.ScopeTraversalExpr:
		if _, ok := w.ctx.Variables[n.Traversal.RootName()]; ok && w.size <= maxSize {
			if v, diags := n.Traversal.TraverseAbs(w.ctx); !diags.HasErrors() {
				w.refers(v)
			}
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *costWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	if _, ok := n.(*hclsyntax.ForExpr); ok {
		w.depth--
	}
	return nil
}

// longestMade is about the longest list that a function makes of little, as
// range() does.
const longestMade = 1024

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
		return n + (n+1)*max(with, n*strings.Count(textOr(args[2]), "$"))
	},
	"indent": func(args []cty.Value) int {
		return lengthOfText(args[1]) + (strings.Count(textOr(args[1]), "\n")+1)*wholeNumber(args[0])
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
