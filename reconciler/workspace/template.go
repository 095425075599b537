package workspace

import (
	"errors"
	"io/fs"

	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// addTemplate adds the files that a template reads by its own functions. If the template is
// unknown, it adds those of every possible template.
func (e *evaluation) addTemplate(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) {
	if e.templateDepth > maxTemplateDepth {
		if e.checker != nil {
			e.checker.CheckDeepTemplate(m)
		}
		return
	}
	if p, ok := e.evaluator.RepoPathOf(v); ok {
		e.addTemplateFile(s, m, p, names)
		return
	}
	prefix, hasPrefix := prefixOf(v)
	dir, ok := e.evaluator.RepoPath(prefix)
	if !hasPrefix || !ok {
		return // the whole repository is an input
	}
	o, err := repotree.ResolveLinks(e.tree, dir)
	if err != nil || !o.Dir {
		return
	}
	dirs := []string{o.Path}
	if e.checker == nil { // which refuses links
		dirs = append(dirs, repotree.LinkedDirs(e.tree, o.Path)...)
	}
	for _, dir := range dirs {
		_ = fs.WalkDir(e.tree, dir, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
			case d.Type().IsRegular():
				e.addTemplateFile(s, m, p, names)
			case d.Type()&fs.ModeSymlink != 0 && e.checker != nil:
				e.checker.CheckLinkedTemplate(m, p)
			}
			return nil
		})
	}
}

// addTemplateFile adds the files that the template at p reads.
func (e *evaluation) addTemplateFile(s *module.Scope, m module.PathRef, p string, names module.Bound) {
	var check func(p string, text []byte)
	if e.checker != nil {
		check = e.checker.CheckTemplate
	}
	mentions, err := e.modules.TemplateReads(p, check)
	if problem, ok := errors.AsType[*hcleval.Problem](err); ok {
		e.problems = append(e.problems, problem)
	}
	if err != nil || len(mentions) == 0 {
		return // Terraform has a better message for a broken template
	}
	e.templateDepth++
	defer func() { e.templateDepth-- }()
	variableSets := module.UnknownChoices
	if m.SecondArg != nil {
		variableSets = s.PossibleValues(m.SecondArg, names)
	}
	if e.checker != nil {
		s = s.NewTemplateScope()
	}
	for _, variables := range variableSets {
		vars := attributesOf(variables)
		for _, inner := range mentions {
			e.addPathRefIn(s, inner, vars)
		}
	}
}

// attributesOf returns the values of a template's variables, as far as they are known.
func attributesOf(v cty.Value) module.Bound {
	vars := module.Bound{}
	v, _ = v.Unmark()
	if !hcleval.IsIterable(v) || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return vars
	}
	for it := v.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if name, ok := hcleval.AsString(k); ok {
			vars[name] = v
		}
	}
	return vars
}

// maxTemplateDepth is the maximum nesting of templates.
const maxTemplateDepth = 10
