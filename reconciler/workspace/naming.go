package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// filesetBase returns the directory that a fileset searches: that of its path
// and the fixed part of its pattern. It notes what the fileset looks for.
func (e *evaluation) filesetBase(s *scope, m mention, dir cty.Value, names bound) cty.Value {
	start, known := asString(dir)
	if !known || m.more == nil {
		return dir
	}
	pattern, known := asString(s.value(m.more, names))
	if !known {
		e.looksFor(path.Join(start, "**"))
		return dir
	}
	e.looksFor(path.Join(start, pattern))
	base, _ := doublestar.SplitPattern(pattern)
	return cty.StringVal(path.Join(start, base))
}

// looksFor notes a pattern of files, seen from the workspace's directory.
func (e *evaluation) looksFor(pattern string) {
	if glob, ok := e.place(pattern); ok {
		e.globs[glob] = true
	}
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
		switch p, ok := e.place(text); {
		case !isPath(text):
		case ok:
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
			e.inputs.add(p) // what cannot be used there was perhaps not meant
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
