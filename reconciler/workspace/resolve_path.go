package workspace

import (
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// addFileset adds what a fileset in dir finds: files of the directory that its path and the
// fixed part of its pattern name. It also records the pattern.
func (e *evaluation) addFileset(s *module.Scope, m module.PathRef, dir cty.Value, names module.Bound) {
	start, known := hcleval.AsString(dir)
	if !known || m.SecondArg == nil {
		e.addFuncArg(s, m, dir, names)
		return
	}
	pattern, known := hcleval.AsString(s.Evaluate(m.SecondArg, names))
	if !known {
		e.addGlob(path.Join(start, "**"))
		e.addFuncArg(s, m, dir, names)
		return
	}
	e.addGlob(path.Join(start, pattern))
	base, rest := doublestar.SplitPattern(pattern)
	place := path.Join(start, base)
	if p, ok := e.evaluator.RepoPath(place); ok && doublestar.ValidatePattern(rest) {
		if o, err := repotree.ResolveLinks(e.tree, p); err == nil && (o.Dir || !o.Exists && e.inputs.isOwn(o.Path)) {
			e.inputs.addFileset(e.inputs.resolveDir(p), rest)
			if e.inputs.listed != nil {
				e.addInput(m, p, ownFiles)
			}
			return
		}
	}
	e.addFuncArg(s, m, cty.StringVal(place), names)
}

// addGlob records a pattern of files relative to the workspace's directory.
func (e *evaluation) addGlob(pattern string) {
	if glob, ok := e.evaluator.RepoPath(pattern); ok {
		e.globs[glob] = true
	}
}

// addFuncArg adds the object that v, the argument of a function, names.
func (e *evaluation) addFuncArg(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) {
	text, known := hcleval.AsString(v)
	switch {
	case known:
		if p, ok := e.evaluator.RepoPath(text); ok {
			e.addInput(m, p, allFiles)
			return
		}
		e.addWarning(m.File, m.Path, "%s reads %s, which is outside the repository: reconcile does not notice changes there", m.Label, strings.ReplaceAll(text, module.RepoRoot, ""))
	case !hcleval.IsNull(v): // null is an error, or nothing is read here
		e.overApproximate(s, m, v, names)
	}
}

// addPathAttr adds the objects that v, an attribute with a path or several, names.
func (e *evaluation) addPathAttr(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) {
	for _, v := range leaves(v) {
		text, known := hcleval.AsString(v)
		switch unmarked, _ := v.Unmark(); {
		case known && module.IsPath(text):
			if p, ok := e.evaluator.RepoPath(text); ok {
				e.addInput(m, p, allFiles)
			}
			e.addText(s, m, v, names)
		case unmarked.IsKnown(): // not set, or another kind of attribute
		default:
			// A value from a provider, or the content of a file, names nothing in the tree
			// unless it begins like a path.
			if _, hasPrefix := prefixOf(v); hasPrefix || !v.HasMark(module.KnownAfterApplyMark) && !v.HasMark(module.ContentMark) {
				e.overApproximate(s, m, v, names)
			}
		}
	}
}

// leaves returns the values that v consists of: itself, or those in a collection.
func leaves(v cty.Value) []cty.Value {
	unmarked, marks := v.Unmark()
	if !hcleval.IsIterable(unmarked) {
		return []cty.Value{v}
	}
	var list []cty.Value
	for it := unmarked.ElementIterator(); it.Next(); {
		_, element := it.Element()
		list = append(list, leaves(element.WithMarks(marks))...)
	}
	return list
}

// overApproximate adds what an unknown v may name, with a warning: the files that have the
// fixed parts of its text, or the directory that it begins with.
func (e *evaluation) overApproximate(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) {
	if pattern, ok := e.filePattern(s, m, v, names); ok {
		e.inputs.addPattern(pattern, unknownAt(m, "every file "+pattern+" counts"))
		return
	}
	dir := "."
	if prefix, known := prefixOf(v); known {
		p, ok := e.evaluator.RepoPath(prefix)
		if !ok {
			e.addWarning(m.File, m.Path, "%s reads files below %s, outside the repository: reconcile does not notice changes there", m.Label, prefix)
			return
		}
		dir = p
	}
	e.addGuess(m, dir)
}

// filePattern returns the file pattern of an unknown path: its fixed beginning and end. What
// lies between is taken not to lead out of the directory that the path begins with.
func (e *evaluation) filePattern(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) (string, bool) {
	suffix := strings.TrimPrefix(s.FixedSuffix(m.Path, names), "/")
	isFile := m.Kind == module.FileArgument || m.Kind == module.TemplateArgument || path.Ext(suffix) != ""
	prefix, begins := "", false
	if dir, known := prefixOf(v); known {
		p, ok := e.evaluator.RepoPath(dir)
		if !ok {
			return "", false
		}
		unmarked, _ := v.Unmark()
		_, name := path.Split(unmarked.Range().StringPrefix())
		prefix, begins = strings.TrimPrefix(p+"/", "./")+name, name != ""
	}
	switch {
	case m.Kind == module.FilesetArgument || !isFile || suffix == "" && !begins:
		return "", false // a directory
	case strings.Contains(prefix+suffix, "*") || strings.Contains(suffix, "..") || path.Clean("x"+suffix) != "x"+suffix:
		return "", false
	}
	return prefix + "*" + suffix, true
}

// addGuess adds a directory that may contain what m names.
func (e *evaluation) addGuess(m module.PathRef, dir string) {
	e.inputs.addGuess(dir, unknownAt(m, "every change in "+describeDir(dir)+" counts"))
}

func unknownAt(m module.PathRef, effect string) unknownExpression {
	return unknownExpression{hcleval.ProblemAt(m.File, m.Path.Range(), "%s cannot be evaluated", m.Label), effect}
}

func describeDir(dir string) string {
	if dir == "." {
		return "the repository"
	}
	return dir
}

// addInput adds the object at p, which m names. s is the scope of a directory.
func (e *evaluation) addInput(m module.PathRef, p string, s scope) {
	if e.inputs.listed != nil {
		e.inputs.namedPaths = append(e.inputs.namedPaths, namedPath{p, s, hcleval.ProblemAt(m.File, m.Path.Range(), "%s", m.Label)})
		return
	}
	for _, err := range e.inputs.add(p, s) {
		e.problems = append(e.problems, hcleval.ProblemAt(m.File, m.Path.Range(), "%s: %s", m.Label, err))
	}
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

func (e *evaluation) addWarning(file string, x hclsyntax.Expression, format string, args ...any) {
	e.warnings = append(e.warnings, hcleval.ProblemAt(file, x.Range(), format, args...))
}
