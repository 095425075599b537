package workspace

import (
	"regexp"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// What nobody has approved is judged by all that a value may be: of every
// choice each branch. A value that is not among the choices is unknown, which
// is the worst.

// Marks of values that only stand for what Terraform has, and are good for
// nothing but to be (the beginning of) a path.
const (
	bare   origin = "bare"   // path.*: how it is written depends on the machine
	placed origin = "placed" // text that begins with it
	below  origin = "below"  // any file below the directory that the text begins with
)

// Bounds of the choices of one expression, and of one workspace.
const (
	maxChoices     = 64
	maxChoiceText  = 1 << 16
	maxChoiceDepth = 50
	maxChoiceSteps = 100_000
)

var unsure = []cty.Value{cty.DynamicVal}

// choices returns the values that x may have. A text with a mark of this file
// is a path's; all others are what Terraform has, to the letter.
func (s *scope) choices(x hclsyntax.Expression, names bound) []cty.Value {
	if x == nil {
		return unsure
	}
	s.refusal.looked++
	if s.refusal.nested > maxChoiceDepth || s.refusal.looked > maxChoiceSteps {
		return unsure
	}
	s.refusal.nested++
	defer func() { s.refusal.nested-- }()
	switch x := unwrap(x).(type) {
	case *hclsyntax.ConditionalExpr:
		return distinct(append(s.choices(x.TrueResult, names), s.choices(x.FalseResult, names)...))
	case *hclsyntax.FunctionCallExpr:
		return s.callChoices(x, names)
	case *hclsyntax.ScopeTraversalExpr:
		return s.traversalChoices(x, names)
	case *hclsyntax.IndexExpr:
		return s.indexChoices(x, names)
	case *hclsyntax.TemplateExpr:
		return s.textChoices(x, names)
	case *hclsyntax.ObjectConsExpr:
		return s.objectChoices(x, names)
	case *hclsyntax.TupleConsExpr:
		return product(len(x.Exprs), func(i int) []cty.Value { return s.choices(x.Exprs[i], names) }, cty.TupleVal)
	default:
		return []cty.Value{s.value(x, names)}
	}
}

// hasPath reports whether anything in v is marked as a path's text.
func hasPath(v cty.Value) bool {
	_, marks := v.UnmarkDeep()
	for _, m := range []origin{bare, placed, below} {
		if _, ok := marks[m]; ok {
			return true
		}
	}
	return false
}

func (s *scope) callChoices(x *hclsyntax.FunctionCallExpr, names bound) (all []cty.Value) {
	switch name := strings.TrimPrefix(x.Name, "core::"); {
	case x.ExpandFinal, len(x.Args) == 0:
	case name == "try", name == "coalesce":
		for _, arg := range x.Args {
			all = append(all, s.choices(arg, names)...)
		}
		return distinct(all)
	case name == "lookup" && len(x.Args) == 3:
		return distinct(append(elementsOf(s.choices(x.Args[0], names)), s.choices(x.Args[2], names)...))
	case name == "abspath" && len(x.Args) == 1: // of a path, which stays the same one
		return mapped(s.choices(x.Args[0], names), func(v cty.Value) cty.Value { return v.Mark(bare) })
	case (name == "toset" || name == "tolist") && len(x.Args) == 1:
		if choices := s.choices(x.Args[0], names); hasPath(cty.TupleVal(choices)) {
			return choices // what is gone through stays the same
		}
	case name == "fileset" && len(x.Args) == 2:
		return s.filesetChoices(x, names)
	}
	return []cty.Value{s.value(x, names)}
}

// filesetChoices returns one element: any file below a directory.
func (s *scope) filesetChoices(x *hclsyntax.FunctionCallExpr, names bound) []cty.Value {
	pattern, known := asString(s.value(x.Args[1], names))
	if !known || !plainPattern(pattern) {
		return unsure
	}
	return []cty.Value{cty.TupleVal([]cty.Value{unknownWith(fixedPart(pattern)).Mark(below)})}
}

// alternatives are those of a pattern that can yield no "..".
var alternatives = regexp.MustCompile(`\{[0-9A-Za-z_-]+(,[0-9A-Za-z_-]+)*\}`)

// plainPattern reports whether a pattern of files stays below the directory
// that it is looked for in.
func plainPattern(pattern string) bool {
	return !strings.Contains(pattern, "..") && !strings.ContainsAny(alternatives.ReplaceAllString(pattern, ""), `{}\`)
}

// fixedPart returns the directory that all files of a pattern lie in, ending
// in a slash.
func fixedPart(pattern string) string {
	base, _ := doublestar.SplitPattern(strings.TrimLeft(pattern, "/"))
	return "./" + strings.TrimPrefix(base+"/", "./")
}

func (s *scope) traversalChoices(x *hclsyntax.ScopeTraversalExpr, names bound) []cty.Value {
	root := x.Traversal.RootName()
	name, ok := attrAt(x.Traversal, 1)
	if v, isBound := names[root]; isBound {
		return steps([]cty.Value{v}, x.Traversal[1:])
	}
	if !ok || s.sealed {
		return unsure
	}
	rest := x.Traversal[2:]
	switch root {
	case "path":
		return steps([]cty.Value{s.placeOf(name).Mark(bare)}, rest)
	case "local":
		d, ok := s.module.locals[name]
		if !ok {
			return unsure
		}
		return steps(s.chosen("local."+name, func() []cty.Value { return s.choices(d.Expression, nil) }), rest)
	case "var":
		return steps(s.chosen("var."+name, func() []cty.Value { return s.variableChoices(name) }), rest)
	}
	return []cty.Value{s.value(x, names)}
}

// chosen returns the choices under key, filled in when they are first asked
// for; those of definitions in a circle are unknown.
func (s *scope) chosen(key string, fill func() []cty.Value) []cty.Value {
	if v, ok := s.choice[key]; ok {
		return v
	}
	s.choice[key] = unsure
	s.choice[key] = fill()
	return s.choice[key]
}

func (s *scope) variableChoices(name string) []cty.Value {
	declared := s.module.variables[name]
	if declared == nil || s.general {
		return unsure
	}
	var all []cty.Value
	if v, ok := s.given[name]; ok {
		all = []cty.Value{v}
	} else if d, ok := s.argumentOf(name); ok {
		all = s.parent.choices(d.Expression, s.bound)
	}
	if declared.fallback != nil && (len(all) == 0 || declared.notNull) {
		all = append(all, s.choices(declared.fallback, nil)...)
	}
	if len(all) == 0 {
		return unsure
	}
	return distinct(mapped(all, func(v cty.Value) cty.Value {
		if hasPath(v) && v.Type() != cty.String {
			return v // only what is in it matters
		}
		return declared.convert(v)
	}))
}

func (s *scope) argumentOf(name string) (definition, bool) {
	if s.call == nil {
		return definition{}, false
	}
	d, ok := s.call.arguments[name]
	return d, ok
}

func (s *scope) indexChoices(x *hclsyntax.IndexExpr, names bound) []cty.Value {
	collections := s.choices(x.Collection, names)
	key := s.value(x.Key, names)
	if !key.IsWhollyKnown() { // any of its elements
		return distinct(elementsOf(collections))
	}
	return steps(collections, hcl.Traversal{hcl.TraverseIndex{Key: key}})
}

// steps returns what a traversal leads to in each of the values.
func steps(values []cty.Value, t hcl.Traversal) []cty.Value {
	if len(t) == 0 {
		return values
	}
	return distinct(mapped(values, func(v cty.Value) cty.Value {
		for _, step := range t {
			bare, _ := v.Unmark()
			next, diags := hcl.Traversal{step}.TraverseRel(bare)
			if diags.HasErrors() {
				return cty.DynamicVal
			}
			v = next
		}
		return v
	}))
}

// textChoices are those of a text that is put together.
func (s *scope) textChoices(x *hclsyntax.TemplateExpr, names bound) []cty.Value {
	return product(len(x.Parts), func(i int) []cty.Value { return s.choices(x.Parts[i], names) }, concatenated)
}

// concatenated puts a text together. What is only a path's text may stand
// where a path begins, and a slash must follow it.
func concatenated(parts []cty.Value) cty.Value {
	text, mark := "", origin("")
	for _, part := range parts {
		word, own, ok := wordOf(part)
		switch {
		case !ok, mark == below && (own != "" || strings.Contains(word, "/")):
			return cty.DynamicVal
		case own == below && (text == "" || strings.HasSuffix(text, "/")), own != "" && text == "":
			mark = own
		case own != "":
			return cty.DynamicVal
		case mark == below: // part of a name that is not known anyway
			continue
		case mark == bare && word != "":
			if mark = placed; word[0] != '/' {
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
	case below:
		return unknownWith(text).Mark(below)
	}
	return cty.StringVal(text).Mark(mark)
}

// wordOf returns a part of a text, as far as it is known, and how it is marked
// as a path's.
func wordOf(v cty.Value) (text string, mark origin, ok bool) {
	bareValue, marks := v.Unmark()
	for _, m := range []origin{bare, placed, below} {
		if _, marked := marks[m]; marked {
			mark = m
		}
	}
	if mark == below {
		return bareValue.Range().StringPrefix(), below, true
	}
	if text, ok = asString(v); !ok {
		text, ok = scalarOf(bareValue)
	}
	return text, mark, ok
}

// scalarOf returns a known number or bool as text.
func scalarOf(v cty.Value) (string, bool) {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.Number && v.Type() != cty.Bool {
		return "", false
	}
	return scalar(v), true
}

func (s *scope) objectChoices(x *hclsyntax.ObjectConsExpr, names bound) []cty.Value {
	keys := make([]string, len(x.Items))
	for i, item := range x.Items {
		key, ok := asString(s.value(item.KeyExpr, names))
		if !ok {
			return unsure
		}
		keys[i] = key
	}
	return product(len(keys), func(i int) []cty.Value { return s.choices(x.Items[i].ValueExpr, names) }, func(values []cty.Value) cty.Value {
		attrs := map[string]cty.Value{}
		for i, key := range keys {
			attrs[key] = values[i]
		}
		return cty.ObjectVal(attrs)
	})
}

// product calls join with each combination of the choices of n parts.
func product(n int, choices func(i int) []cty.Value, join func([]cty.Value) cty.Value) []cty.Value {
	rows := [][]cty.Value{nil}
	for i := range n {
		var next [][]cty.Value
		for _, v := range choices(i) {
			for _, row := range rows {
				next = append(next, append(row[:len(row):len(row)], v))
			}
		}
		if len(next) > maxChoices {
			return unsure
		}
		rows = next
	}
	var all []cty.Value
	for _, row := range rows {
		all = append(all, join(row))
	}
	return distinct(all)
}

func mapped(values []cty.Value, f func(cty.Value) cty.Value) []cty.Value {
	all := make([]cty.Value, len(values))
	for i, v := range values {
		all[i] = f(v)
	}
	return all
}

// elementsOf returns the elements of all collections.
func elementsOf(collections []cty.Value) (all []cty.Value) {
	for _, c := range collections {
		bare, marks := c.Unmark()
		if !iterable(bare) {
			return unsure
		}
		for it := bare.ElementIterator(); it.Next(); {
			_, v := it.Element()
			all = append(all, v.WithMarks(marks))
		}
	}
	return all
}

// distinct returns values without repeats; too many are unknown.
func distinct(values []cty.Value) []cty.Value {
	var all []cty.Value
next:
	for _, v := range values {
		for _, known := range all {
			if known.RawEquals(v) {
				continue next
			}
		}
		all = append(all, v)
		if len(all) > maxChoices {
			return unsure
		}
	}
	return all
}
