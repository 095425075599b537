package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Limits of one workspace's evaluation. Beyond them names are unknown, which
// widens.
const (
	maxElements  = 256  // of a collection that a name stands for
	maxInstances = 2000 // of modules
)

// evaluation is the loading of one workspace.
type evaluation struct {
	*Loader
	root       Dir
	config     Config
	base       *hcl.EvalContext // functions
	inputs     *inputs
	reads      map[string]bool
	warnings   []*Problem
	problems   []*Problem
	versions   []string // required_version
	init       []string // Workspace.InitKey
	instances  int
	inTemplate int             // how deep
	depth      int             // of references
	general    map[string]bool // modules that were looked at with unknown arguments
}

// visit looks through the module of s and those that it calls.
func (e *evaluation) visit(s *scope) {
	e.problems = append(e.problems, s.module.problems...)
	e.versions = append(e.versions, s.module.versions...)
	e.init = append(e.init, s.module.dir)
	e.init = append(e.init, s.module.init...)
	for _, m := range s.module.mentions {
		e.mention(s, m)
	}
	for _, r := range s.module.reads {
		e.remoteState(s, r)
	}
	for _, name := range sortedKeys(s.module.calls) {
		e.call(s, s.module.calls[name])
	}
}

// each calls f with the values of the bound names that exprs refer to: once
// for each element of collections that are known, else once with an unknown.
func (s *scope) each(bindings []binding, names bound, exprs []hclsyntax.Expression, f func(bound)) {
	if len(bindings) == 0 {
		f(names)
		return
	}
	b, rest := bindings[0], bindings[1:]
	if !b.usedBy(exprs, rest) {
		s.each(rest, names, exprs, f)
		return
	}
	for _, values := range b.elements(s.value(b.collection, names)) {
		all := make(bound, len(names)+len(values))
		for k, v := range names {
			all[k] = v
		}
		for k, v := range values {
			all[k] = v
		}
		s.each(rest, all, exprs, f)
	}
}

// usedBy tells whether an expression refers to a name that b binds, or a
// binding inside of it may.
func (b binding) usedBy(exprs []hclsyntax.Expression, rest []binding) bool {
	for _, e := range exprs {
		if e != nil && b.bindsIn(e) {
			return true
		}
	}
	return slices.ContainsFunc(rest, func(r binding) bool { return b.bindsIn(r.collection) })
}

func (b binding) bindsIn(e hclsyntax.Expression) bool {
	return slices.ContainsFunc(hclsyntax.Variables(e), func(t hcl.Traversal) bool {
		name := t.RootName()
		return name == b.object || b.object == "" && (name == b.key || name == b.value)
	})
}

// elements returns the values of b's names for each element of collection.
func (b binding) elements(collection cty.Value) []bound {
	collection, _ = collection.Unmark()
	if b.object == "count" {
		return b.counted(collection)
	}
	unknown := []bound{b.bind(cty.DynamicVal, cty.DynamicVal)}
	if !iterable(collection) {
		return unknown
	}
	var all []bound
	for it := collection.ElementIterator(); it.Next(); {
		if len(all) == maxElements {
			return unknown
		}
		k, v := it.Element()
		if t := collection.Type(); t.IsSetType() || b.object == "each" && (t.IsListType() || t.IsTupleType()) {
			k = v
		}
		all = append(all, b.bind(k, v))
	}
	return all
}

func (b binding) counted(n cty.Value) []bound {
	if n.IsKnown() && !n.IsNull() && n.Type() == cty.Number {
		if count, accuracy := n.AsBigFloat().Int64(); accuracy == 0 && count <= maxElements {
			var all []bound
			for i := range max(count, 0) {
				all = append(all, b.bind(cty.NumberIntVal(i), cty.NilVal))
			}
			return all
		}
	}
	return []bound{b.bind(cty.DynamicVal, cty.NilVal)}
}

func (b binding) bind(k, v cty.Value) bound {
	named := bound{}
	if b.key != "" {
		named[b.key] = k
	}
	if b.value != "" {
		named[b.value] = v
	}
	if b.object == "" {
		return named
	}
	return bound{b.object: cty.ObjectVal(named)}
}

// mention takes in what m names.
func (e *evaluation) mention(s *scope, m mention) { e.mentionIn(s, m, nil) }

// mentionIn is mention where names stand for something already.
func (e *evaluation) mentionIn(s *scope, m mention, names bound) {
	if m.kind == anyText && !m.out && !slices.ContainsFunc(m.refs, s.leadsOut) {
		return
	}
	s.each(m.bindings, names, []hclsyntax.Expression{m.path, m.more}, func(names bound) {
		for _, v := range s.values(m.path, names) {
			switch m.kind {
			case filesetArgument:
				e.named(m, e.filesetBase(s, m, v, names))
			case templateArgument:
				e.named(m, v)
				e.template(s, m, v, names)
			case fileArgument:
				e.named(m, v)
			case pathAttribute:
				e.attribute(m, v)
			case anyText:
				e.text(s, m, v)
			}
		}
	})
}

// values returns the values that x may have: of a choice that cannot be
// evaluated, both.
func (s *scope) values(x hclsyntax.Expression, names bound) []cty.Value {
	if choice, ok := unwrap(x).(*hclsyntax.ConditionalExpr); ok {
		if v := s.value(choice.Condition, names); !v.IsKnown() {
			return append(s.values(choice.TrueResult, names), s.values(choice.FalseResult, names)...)
		}
	}
	return []cty.Value{s.value(x, names)}
}

// unwrap returns what stands in parentheses, or alone in a template.
func unwrap(x hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch inner := x.(type) {
		case *hclsyntax.ParenthesesExpr:
			x = inner.Expression
		case *hclsyntax.TemplateWrapExpr:
			x = inner.Wrapped
		default:
			return x
		}
	}
}

// filesetBase returns the directory that a fileset searches: that of its path
// and the fixed part of its pattern.
func (e *evaluation) filesetBase(s *scope, m mention, dir cty.Value, names bound) cty.Value {
	start, known := asString(dir)
	if !known || m.more == nil {
		return dir
	}
	pattern, known := asString(s.value(m.more, names))
	if !known {
		return dir
	}
	base, _ := doublestar.SplitPattern(pattern)
	return cty.StringVal(path.Join(start, base))
}

// named takes in the object that v, the argument of a function, names.
func (e *evaluation) named(m mention, v cty.Value) {
	text, known := asString(v)
	switch {
	case known:
		if p, ok := e.place(text); ok {
			e.object(m, p)
			return
		}
		e.warn(m.file, m.path, "%s reads %s, which lies outside the repository: changes there are not seen", m.what, strings.ReplaceAll(text, top, ""))
	case !isNull(v): // a null is an error, or stands where nothing is read
		e.widen(m, v)
	}
}

// attribute takes in the object that v, an attribute that holds a path,
// names.
func (e *evaluation) attribute(m mention, v cty.Value) {
	bare, _ := v.Unmark()
	if bare.IsKnown() && (bare.IsNull() || bare.Type() != cty.String) {
		return // not set, or not this kind of attribute
	}
	text, known := asString(v)
	if known {
		if p, ok := e.place(text); ok && isPath(text) {
			e.object(m, p)
		}
		return
	}
	// What a provider makes, or the content of a file, names nothing in the
	// tree unless it begins like a path.
	if _, begins := prefixOf(v); begins || !v.HasMark(computed) && !v.HasMark(content) {
		e.widen(m, v)
	}
}

// text takes in the objects that a text names, outside of the directories
// that are inputs anyway.
func (e *evaluation) text(s *scope, m mention, v cty.Value) {
	text, known := asString(v)
	if !known {
		text, _ = prefixOf(v)
	}
	for _, word := range words(text) {
		p, ok := e.place(word)
		if !ok || !isPath(word) || within(s.module.dir, p) || within(e.root.Path, p) {
			continue // a way up, as in "cd ../..", names no input
		}
		o, err := resolve(e.tree, p)
		switch {
		case err != nil || !o.exists && word != text:
		case known:
			e.object(m, p)
		default:
			e.guessed(m, p)
		}
	}
}

// words returns the parts of a command line, or of any other text, that look
// like a path out of the directory.
func words(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`=:;,|&()<>", r) })
	return slices.DeleteFunc(fields, func(w string) bool { return !strings.Contains(w, "..") && !strings.HasPrefix(w, top) })
}

// widen takes in the directory that an unknown v must lie in, and says so.
func (e *evaluation) widen(m mention, v cty.Value) {
	dir := "."
	if prefix, known := prefixOf(v); known {
		p, ok := e.place(prefix)
		if !ok {
			e.warn(m.file, m.path, "%s reads files below %s, outside the repository: changes there are not seen", m.what, prefix)
			return
		}
		dir = p
	}
	e.guessed(m, dir)
}

// guessed takes in a directory that m may name something in.
func (e *evaluation) guessed(m mention, dir string) {
	e.inputs.guess(dir, problemAt(m.file, m.path.Range(), "%s cannot be evaluated here: every change in %s counts", m.what, describe(dir)))
}

func describe(dir string) string {
	if dir == "." {
		return "the repository"
	}
	return dir
}

// object takes in the object at the repository path p.
func (e *evaluation) object(m mention, p string) {
	for _, err := range e.inputs.add(p) {
		e.problems = append(e.problems, problemAt(m.file, m.path.Range(), "%s: %s", m.what, err))
	}
}

// place returns the repository path that text, seen from the workspace's
// directory, names.
func (e *evaluation) place(text string) (string, bool) {
	p := path.Join(e.root.Path, text)
	if path.IsAbs(text) {
		if p = path.Clean(text); p == top {
			return ".", true
		}
		below, ok := strings.CutPrefix(p, top+"/")
		return below, ok
	}
	return p, !outside(p) && !strings.HasPrefix(text, "~")
}

// locate is place for a value.
func (e *evaluation) locate(v cty.Value) (string, bool) {
	text, ok := asString(v)
	if !ok {
		return "", false
	}
	return e.place(text)
}

// prefixOf returns the directory that an unknown text begins with, ending in
// a slash or empty for the workspace's own; false if nothing is known of it.
func prefixOf(v cty.Value) (string, bool) {
	v, _ = v.Unmark()
	if v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	prefix := v.Range().StringPrefix()
	dir, last := path.Split(prefix)
	if prefix == "" || strings.Trim(last, ".") == "" && last != "" {
		return "", false // nothing, or the beginning of "../"
	}
	return dir, true
}

func isNull(v cty.Value) bool {
	v, _ = v.Unmark()
	return v.IsKnown() && v.IsNull()
}

// isPath tells whether text could be the name of a file: one short line that
// is no URL.
func isPath(text string) bool {
	return text != "" && len(text) < 4096 && !strings.ContainsAny(text, "\n\x00") && !strings.Contains(text, "://")
}

// within tells whether p is dir or lies below it.
func within(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

func (e *evaluation) warn(file string, x hclsyntax.Expression, format string, args ...any) {
	e.warnings = append(e.warnings, problemAt(file, x.Range(), format, args...))
}
