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
func (e *evaluation) filesetBase(s *scope, m pathRef, dir cty.Value, names bound) cty.Value {
	start, known := asString(dir)
	if !known || m.secondArg == nil {
		return dir
	}
	pattern, known := asString(s.evaluate(m.secondArg, names))
	if !known {
		e.addGlob(path.Join(start, "**"))
		return dir
	}
	e.addGlob(path.Join(start, pattern))
	base, _ := doublestar.SplitPattern(pattern)
	return cty.StringVal(path.Join(start, base))
}

// addGlob notes a pattern of files, seen from the workspace's directory.
func (e *evaluation) addGlob(pattern string) {
	if glob, ok := e.repoPath(pattern); ok {
		e.globs[glob] = true
	}
}

// addFuncArg takes in the object that v, the argument of a function, names.
func (e *evaluation) addFuncArg(m pathRef, v cty.Value) {
	text, known := asString(v)
	switch {
	case known:
		if p, ok := e.repoPath(text); ok {
			e.addInput(m, p)
			return
		}
		e.addWarning(m.file, m.path, "%s reads %s, which lies outside the repository: changes there are not seen", m.label, strings.ReplaceAll(text, repoRoot, ""))
	case !isNull(v): // a null is an error, or stands where nothing is read
		e.overApproximate(m, v)
	}
}

// addPathAttr takes in the object that v, an attribute that holds a path,
// names.
func (e *evaluation) addPathAttr(m pathRef, v cty.Value) {
	unmarked, _ := v.Unmark()
	if unmarked.IsKnown() && (unmarked.IsNull() || unmarked.Type() != cty.String) {
		return // not set, or not this kind of attribute
	}
	text, known := asString(v)
	if known {
		switch p, ok := e.repoPath(text); {
		case !isPath(text):
		case ok:
			e.addInput(m, p)
		}
		return
	}
	// What a provider makes, or the content of a file, names nothing in the
	// tree unless it begins like a path.
	if _, hasPrefix := prefixOf(v); hasPrefix || !v.HasMark(knownAfterApplyMark) && !v.HasMark(contentMark) {
		e.overApproximate(m, v)
	}
}

// addText takes in the objects that a text names, outside of the directories
// that are inputs anyway.
func (e *evaluation) addText(s *scope, m pathRef, v cty.Value) {
	text, known := asString(v)
	if !known {
		text, _ = prefixOf(v)
	}
	for _, word := range pathTokens(text) {
		p, ok := e.repoPath(word)
		if !ok || !isPath(word) || isWithin(s.module.dir, p) || isWithin(e.root.Path, p) {
			continue // a way up, as in "cd ../..", names no input
		}
		o, err := resolveLinks(e.tree, p)
		switch {
		case err != nil || !o.exists && word != text:
		case known:
			e.inputs.add(p) // what cannot be used there was perhaps not meant
		default:
			e.addGuess(m, p)
		}
	}
}

// pathTokens returns the parts of a command line, or of any other text, that look
// like a path out of the directory.
func pathTokens(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`=:;,|&()<>", r) })
	return slices.DeleteFunc(fields, func(w string) bool { return !strings.Contains(w, "..") && !strings.HasPrefix(w, repoRoot) })
}

// overApproximate takes in the directory that an unknown v must lie in, and says so.
func (e *evaluation) overApproximate(m pathRef, v cty.Value) {
	dir := "."
	if prefix, known := prefixOf(v); known {
		p, ok := e.repoPath(prefix)
		if !ok {
			e.addWarning(m.file, m.path, "%s reads files below %s, outside the repository: changes there are not seen", m.label, prefix)
			return
		}
		dir = p
	}
	e.addGuess(m, dir)
}

// addGuess takes in a directory that m may name something in.
func (e *evaluation) addGuess(m pathRef, dir string) {
	e.inputs.addGuess(dir, problemAt(m.file, m.path.Range(), "%s cannot be evaluated here: every change in %s counts", m.label, describeDir(dir)))
}

func describeDir(dir string) string {
	if dir == "." {
		return "the repository"
	}
	return dir
}

// addInput takes in the object at the repository path p.
func (e *evaluation) addInput(m pathRef, p string) {
	for _, err := range e.inputs.add(p) {
		e.problems = append(e.problems, problemAt(m.file, m.path.Range(), "%s: %s", m.label, err))
	}
}

// repoPath returns the repository path that text, seen from the workspace's
// directory, names.
func (e *evaluation) repoPath(text string) (string, bool) {
	p := path.Join(e.root.Path, text)
	if path.IsAbs(text) {
		if p = path.Clean(text); p == repoRoot {
			return ".", true
		}
		rest, ok := strings.CutPrefix(p, repoRoot+"/")
		return rest, ok
	}
	return p, !isOutsideRepo(p) && !strings.HasPrefix(text, "~")
}

// repoPathOf is place for a value.
func (e *evaluation) repoPathOf(v cty.Value) (string, bool) {
	text, ok := asString(v)
	if !ok {
		return "", false
	}
	return e.repoPath(text)
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

// isWithin tells whether p is dir or lies below it.
func isWithin(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

func (e *evaluation) addWarning(file string, x hclsyntax.Expression, format string, args ...any) {
	e.warnings = append(e.warnings, problemAt(file, x.Range(), format, args...))
}
