package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// filesetBase returns the directory that a fileset searches: its path with the fixed part
// of its pattern. It also records the pattern.
func (e *evaluation) filesetBase(s *scope, m pathRef, dir cty.Value, names bound) cty.Value {
	start, known := hcleval.AsString(dir)
	if !known || m.secondArg == nil {
		return dir
	}
	pattern, known := hcleval.AsString(s.evaluate(m.secondArg, names))
	if !known {
		e.addGlob(path.Join(start, "**"))
		return dir
	}
	e.addGlob(path.Join(start, pattern))
	base, _ := doublestar.SplitPattern(pattern)
	return cty.StringVal(path.Join(start, base))
}

// addGlob records a pattern of files relative to the workspace's directory.
func (e *evaluation) addGlob(pattern string) {
	if glob, ok := e.repoPath(pattern); ok {
		e.globs[glob] = true
	}
}

// addFuncArg adds the object that v, the argument of a function, names.
func (e *evaluation) addFuncArg(m pathRef, v cty.Value) {
	text, known := hcleval.AsString(v)
	switch {
	case known:
		if p, ok := e.repoPath(text); ok {
			e.addInput(m, p)
			return
		}
		e.addWarning(m.file, m.path, "%s reads %s, which is outside the repository: reconcile does not notice changes there", m.label, strings.ReplaceAll(text, repoRoot, ""))
	case !hcleval.IsNull(v): // null is an error, or nothing is read here
		e.overApproximate(m, v)
	}
}

// addPathAttr adds the object that v, an attribute with a path, names.
func (e *evaluation) addPathAttr(m pathRef, v cty.Value) {
	unmarked, _ := v.Unmark()
	if unmarked.IsKnown() && (unmarked.IsNull() || unmarked.Type() != cty.String) {
		return // not set, or another kind of attribute
	}
	text, known := hcleval.AsString(v)
	if known {
		switch p, ok := e.repoPath(text); {
		case !isPath(text):
		case ok:
			e.addInput(m, p)
		}
		return
	}
	// A value from a provider, or the content of a file, names nothing in the tree unless
	// it begins like a path.
	if _, hasPrefix := prefixOf(v); hasPrefix || !v.HasMark(knownAfterApplyMark) && !v.HasMark(contentMark) {
		e.overApproximate(m, v)
	}
}

// addText adds the objects that a text names outside of directories that are inputs anyway.
func (e *evaluation) addText(s *scope, m pathRef, v cty.Value) {
	text, known := hcleval.AsString(v)
	if !known {
		text, _ = prefixOf(v)
	}
	for _, word := range pathTokens(text) {
		p, ok := e.repoPath(word)
		if !ok || !isPath(word) || isWithin(s.module.dir, p) || isWithin(e.root.Path, p) {
			continue // a parent directory, as in "cd ../..", is not an input
		}
		o, err := repotree.ResolveLinks(e.tree, p)
		switch {
		case err != nil || !o.Exists && word != text:
		case known:
			e.inputs.add(p) // an object that cannot be used was perhaps not meant
		default:
			e.addGuess(m, p)
		}
	}
}

// pathTokens returns the words of a text, such as a command line, that look like a path out
// of the directory.
func pathTokens(text string) []string {
	fields := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\n\"'`=:;,|&()<>", r) })
	return slices.DeleteFunc(fields, func(w string) bool { return !strings.Contains(w, "..") && !strings.HasPrefix(w, repoRoot) })
}

// overApproximate adds the directory that must contain an unknown v, with a warning.
func (e *evaluation) overApproximate(m pathRef, v cty.Value) {
	dir := "."
	if prefix, known := prefixOf(v); known {
		p, ok := e.repoPath(prefix)
		if !ok {
			e.addWarning(m.file, m.path, "%s reads files below %s, outside the repository: reconcile does not notice changes there", m.label, prefix)
			return
		}
		dir = p
	}
	e.addGuess(m, dir)
}

// addGuess adds a directory that may contain what m names.
func (e *evaluation) addGuess(m pathRef, dir string) {
	e.inputs.addGuess(dir, hcleval.ProblemAt(m.file, m.path.Range(), "%s cannot be evaluated: every change in %s counts", m.label, describeDir(dir)))
}

func describeDir(dir string) string {
	if dir == "." {
		return "the repository"
	}
	return dir
}

func (e *evaluation) addInput(m pathRef, p string) {
	for _, err := range e.inputs.add(p) {
		e.problems = append(e.problems, hcleval.ProblemAt(m.file, m.path.Range(), "%s: %s", m.label, err))
	}
}

// repoPath returns the repository path of text, which is relative to the workspace's
// directory.
func (e *evaluation) repoPath(text string) (string, bool) {
	p := path.Join(e.root.Path, text)
	if path.IsAbs(text) {
		if p = path.Clean(text); p == repoRoot {
			return ".", true
		}
		rest, ok := strings.CutPrefix(p, repoRoot+"/")
		return rest, ok
	}
	return p, !repotree.IsOutside(p) && !strings.HasPrefix(text, "~")
}

func (e *evaluation) repoPathOf(v cty.Value) (string, bool) {
	text, ok := hcleval.AsString(v)
	if !ok {
		return "", false
	}
	return e.repoPath(text)
}

// prefixOf returns the directory that an unknown text begins with: with a trailing slash,
// or empty for the workspace's own. It returns false if nothing is known.
func prefixOf(v cty.Value) (string, bool) {
	v, _ = v.Unmark()
	if v.IsKnown() || v.Type() != cty.String {
		return "", false
	}
	prefix := v.Range().StringPrefix()
	dir, last := path.Split(prefix)
	if prefix == "" || strings.Trim(last, ".") == "" && last != "" {
		return "", false // nothing, or a part of "../"
	}
	return dir, true
}

// isPath reports whether text could be the name of a file: one short line, not a URL.
func isPath(text string) bool {
	return text != "" && len(text) < 4096 && !strings.ContainsAny(text, "\n\x00") && !strings.Contains(text, "://")
}

// isWithin reports whether p is dir or is below it.
func isWithin(p, dir string) bool {
	return dir == "." || p == dir || strings.HasPrefix(p, dir+"/")
}

func (e *evaluation) addWarning(file string, x hclsyntax.Expression, format string, args ...any) {
	e.warnings = append(e.warnings, hcleval.ProblemAt(file, x.Range(), format, args...))
}
