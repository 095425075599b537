package module

import (
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/internal/hcleval"
)

// The policy checks unreviewed code by all values that an expression may have, with both
// branches of every conditional. A value that is not among the choices is unknown, which is
// the worst case.

// Marks of values that only stand for the real value. Such a value can only be a path or
// the beginning of one.
const (
	pathMark       ValueMark = "path"        // path.*: its text depends on the machine
	pathPrefixMark ValueMark = "path prefix" // text that begins with path.*
	GlobMark       ValueMark = "glob"        // any file below the directory that the text begins with
)

// Limits for the choices of one expression, and of one workspace.
const (
	maxChoices     = 64
	maxChoiceText  = 1 << 16
	maxChoiceDepth = 50
	maxChoiceSteps = 100_000
)

// UnknownChoices are the choices of an expression that may have any value.
var UnknownChoices = []cty.Value{cty.DynamicVal}

// Choices returns the values that x may have. A text with a mark of this file is a path;
// any other text is exactly the text that Terraform has.
func (s *Scope) Choices(x hclsyntax.Expression, names Bound) []cty.Value {
	if x == nil {
		return UnknownChoices
	}
	s.evaluator.choiceSteps++
	if s.evaluator.choiceDepth > maxChoiceDepth || s.evaluator.choiceSteps > maxChoiceSteps {
		return UnknownChoices
	}
	s.evaluator.choiceDepth++
	defer func() { s.evaluator.choiceDepth-- }()
	switch x := hcleval.Unwrap(x).(type) {
	case *hclsyntax.ConditionalExpr:
		return distinctValues(append(s.Choices(x.TrueResult, names), s.Choices(x.FalseResult, names)...))
	case *hclsyntax.FunctionCallExpr:
		return s.callChoices(x, names)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversalChoices(x, names)
	case *hclsyntax.IndexExpr:
		return s.indexChoices(x, names)
	case *hclsyntax.TemplateExpr:
		return s.templateChoices(x, names)
	case *hclsyntax.ObjectConsExpr:
		return s.objectChoices(x, names)
	case *hclsyntax.TupleConsExpr:
		return combine(len(x.Exprs), func(i int) []cty.Value { return s.Choices(x.Exprs[i], names) }, cty.TupleVal)
	default:
		return []cty.Value{s.Evaluate(x, names)}
	}
}

// hasPath reports whether v contains text that is marked as a path.
func hasPath(v cty.Value) bool {
	_, marks := v.UnmarkDeep()
	for _, m := range []ValueMark{pathMark, pathPrefixMark, GlobMark} {
		if _, ok := marks[m]; ok {
			return true
		}
	}
	return false
}

func (s *Scope) callChoices(x *hclsyntax.FunctionCallExpr, names Bound) (result []cty.Value) {
	switch name := strings.TrimPrefix(x.Name, "core::"); {
	case x.ExpandFinal, len(x.Args) == 0:
	case name == "try", name == "coalesce":
		for _, arg := range x.Args {
			result = append(result, s.Choices(arg, names)...)
		}
		return distinctValues(result)
	case name == "lookup" && len(x.Args) == 3:
		return distinctValues(append(elementsOf(s.Choices(x.Args[0], names)), s.Choices(x.Args[2], names)...))
	case name == "abspath" && len(x.Args) == 1: // the absolute form is the same path
		return mapValues(s.Choices(x.Args[0], names), func(v cty.Value) cty.Value { return v.Mark(pathMark) })
	case (name == "toset" || name == "tolist") && len(x.Args) == 1:
		if choices := s.Choices(x.Args[0], names); hasPath(cty.TupleVal(choices)) {
			return choices // iteration does not change the choices
		}
	case name == "fileset" && len(x.Args) == 2:
		return s.filesetChoices(x, names)
	}
	return []cty.Value{s.Evaluate(x, names)}
}

// filesetChoices returns one element: any file below a directory.
func (s *Scope) filesetChoices(x *hclsyntax.FunctionCallExpr, names Bound) []cty.Value {
	pattern, known := hcleval.AsString(s.Evaluate(x.Args[1], names))
	if !known || !IsPlainPattern(pattern) {
		return UnknownChoices
	}
	return []cty.Value{cty.TupleVal([]cty.Value{hcleval.UnknownWithPrefix(PatternBase(pattern)).Mark(GlobMark)})}
}

// plainAlternatives matches alternatives of a pattern that cannot yield "..".
var plainAlternatives = lazyregexp.New(`\{[0-9A-Za-z_-]+(,[0-9A-Za-z_-]+)*\}`)

// IsPlainPattern reports whether a pattern only matches files below its base directory.
func IsPlainPattern(pattern string) bool {
	return !strings.Contains(pattern, "..") && !strings.ContainsAny(plainAlternatives().ReplaceAllString(pattern, ""), `{}\`)
}

// PatternBase returns the directory that contains all files of a pattern, with a trailing
// slash.
func PatternBase(pattern string) string {
	base, _ := doublestar.SplitPattern(strings.TrimLeft(pattern, "/"))
	return "./" + strings.TrimPrefix(base+"/", "./")
}

func (s *Scope) traversalChoices(x *hclsyntax.ScopeTraversalExpr, names Bound) []cty.Value {
	root := x.Traversal.RootName()
	name, ok := hcleval.AttrAt(x.Traversal, 1)
	if v, isBound := names[root]; isBound {
		return traverse([]cty.Value{v}, x.Traversal[1:])
	}
	if !ok || s.isTemplate {
		return UnknownChoices
	}
	rest := x.Traversal[2:]
	switch root {
	case "path":
		return traverse([]cty.Value{s.rawPathValue(name).Mark(pathMark)}, rest)
	case "local":
		d, ok := s.Module.locals[name]
		if !ok {
			return UnknownChoices
		}
		return traverse(s.memoizeChoices("local."+name, func() []cty.Value { return s.Choices(d.Expression, nil) }), rest)
	case "var":
		return traverse(s.memoizeChoices("var."+name, func() []cty.Value { return s.variableChoices(name) }), rest)
	}
	return []cty.Value{s.Evaluate(x, names)}
}

// memoizeChoices returns the choices under key and computes them once. Choices of
// definitions in a cycle are unknown.
func (s *Scope) memoizeChoices(key string, fill func() []cty.Value) []cty.Value {
	if v, ok := s.choiceMemo[key]; ok {
		return v
	}
	s.choiceMemo[key] = UnknownChoices
	s.choiceMemo[key] = fill()
	return s.choiceMemo[key]
}

func (s *Scope) variableChoices(name string) []cty.Value {
	declared := s.Module.Variables[name]
	if declared == nil || s.HasUnknownArgs {
		return UnknownChoices
	}
	var result []cty.Value
	if v, ok := s.VariableValues[name]; ok {
		result = []cty.Value{v}
	} else if d, ok := s.argumentOf(name); ok {
		result = s.parent.Choices(d.Expression, s.bound)
	}
	if declared.defaultExpr != nil && (len(result) == 0 || declared.notNull) {
		result = append(result, s.Choices(declared.defaultExpr, nil)...)
	}
	if len(result) == 0 {
		return UnknownChoices
	}
	return distinctValues(mapValues(result, func(v cty.Value) cty.Value {
		if hasPath(v) && v.Type() != cty.String {
			return v // only the paths in it matter
		}
		return declared.convert(v)
	}))
}

func (s *Scope) argumentOf(name string) (Definition, bool) {
	if s.call == nil {
		return Definition{}, false
	}
	d, ok := s.call.Arguments[name]
	return d, ok
}

func (s *Scope) indexChoices(x *hclsyntax.IndexExpr, names Bound) []cty.Value {
	collections := s.Choices(x.Collection, names)
	key := s.Evaluate(x.Key, names)
	if !key.IsWhollyKnown() { // any of its elements
		return distinctValues(elementsOf(collections))
	}
	return traverse(collections, hcl.Traversal{hcl.TraverseIndex{Key: key}})
}

// traverse applies a traversal to each of the values.
func traverse(values []cty.Value, t hcl.Traversal) []cty.Value {
	if len(t) == 0 {
		return values
	}
	return distinctValues(mapValues(values, func(v cty.Value) cty.Value {
		for _, step := range t {
			unmarked, _ := v.Unmark()
			next, diags := hcl.Traversal{step}.TraverseRel(unmarked)
			if diags.HasErrors() {
				return cty.DynamicVal
			}
			v = next
		}
		return v
	}))
}

func (s *Scope) templateChoices(x *hclsyntax.TemplateExpr, names Bound) []cty.Value {
	return combine(len(x.Parts), func(i int) []cty.Value { return s.Choices(x.Parts[i], names) }, concatenate)
}

// concatenate joins the parts of a text. A path mark may only stand at the beginning of a
// path, and a slash must follow it.
func concatenate(parts []cty.Value) cty.Value {
	text, mark := "", ValueMark("")
	for _, part := range parts {
		word, partMark, ok := wordOf(part)
		switch {
		case !ok, mark == GlobMark && (partMark != "" || strings.Contains(word, "/")):
			return cty.DynamicVal
		case partMark == GlobMark && (text == "" || strings.HasSuffix(text, "/")), partMark != "" && text == "":
			mark = partMark
		case partMark != "":
			return cty.DynamicVal
		case mark == GlobMark: // part of a name that is unknown anyway
			continue
		case mark == pathMark && word != "":
			if mark = pathPrefixMark; word[0] != '/' {
				return cty.DynamicVal
			}
		}
		if text += word; len(text) > maxChoiceText {
			return cty.DynamicVal
		}
	}
	switch mark {
	case "":
		return cty.StringVal(text)
	case GlobMark:
		return hcleval.UnknownWithPrefix(text).Mark(GlobMark)
	}
	return cty.StringVal(text).Mark(mark)
}

// wordOf returns the known text of a part, and its mark if it is a path.
func wordOf(v cty.Value) (text string, mark ValueMark, ok bool) {
	unmarked, marks := v.Unmark()
	for _, m := range []ValueMark{pathMark, pathPrefixMark, GlobMark} {
		if _, marked := marks[m]; marked {
			mark = m
		}
	}
	if mark == GlobMark {
		return unmarked.Range().StringPrefix(), GlobMark, true
	}
	if text, ok = hcleval.AsString(v); !ok {
		text, ok = numberOrBoolText(unmarked)
	}
	return text, mark, ok
}

func numberOrBoolText(v cty.Value) (string, bool) {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number && v.Type() != cty.Bool {
		return "", false
	}
	return hcleval.ScalarText(v), true
}

func (s *Scope) objectChoices(x *hclsyntax.ObjectConsExpr, names Bound) []cty.Value {
	keys := make([]string, len(x.Items))
	for i, item := range x.Items {
		key, ok := hcleval.AsString(s.Evaluate(item.KeyExpr, names))
		if !ok {
			return UnknownChoices
		}
		keys[i] = key
	}
	return combine(len(keys), func(i int) []cty.Value { return s.Choices(x.Items[i].ValueExpr, names) }, func(values []cty.Value) cty.Value {
		attrs := map[string]cty.Value{}
		for i, key := range keys {
			attrs[key] = values[i]
		}
		return cty.ObjectVal(attrs)
	})
}

// combine calls join with each combination of the choices of n parts.
func combine(n int, choices func(i int) []cty.Value, join func([]cty.Value) cty.Value) []cty.Value {
	rows := [][]cty.Value{nil}
	for i := range n {
		var next [][]cty.Value
		for _, v := range choices(i) {
			for _, row := range rows {
				next = append(next, append(row[:len(row):len(row)], v))
			}
		}
		if len(next) > maxChoices {
			return UnknownChoices
		}
		rows = next
	}
	var result []cty.Value
	for _, row := range rows {
		result = append(result, join(row))
	}
	return distinctValues(result)
}

func mapValues(values []cty.Value, f func(cty.Value) cty.Value) []cty.Value {
	result := make([]cty.Value, len(values))
	for i, v := range values {
		result[i] = f(v)
	}
	return result
}

// elementsOf returns the elements of all collections.
func elementsOf(collections []cty.Value) (result []cty.Value) {
	for _, c := range collections {
		unmarked, marks := c.Unmark()
		if !hcleval.IsIterable(unmarked) {
			return UnknownChoices
		}
		for it := unmarked.ElementIterator(); it.Next(); {
			_, v := it.Element()
			result = append(result, v.WithMarks(marks))
		}
	}
	return result
}

// distinctValues removes duplicates; too many values are unknown.
func distinctValues(values []cty.Value) []cty.Value {
	var result []cty.Value
next:
	for _, v := range values {
		for _, known := range result {
			if known.RawEquals(v) {
				continue next
			}
		}
		result = append(result, v)
		if len(result) > maxChoices {
			return UnknownChoices
		}
	}
	return result
}
