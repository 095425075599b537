package workspace

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// addTemplate adds the files that a template reads by its own functions. If the template is
// unknown, it adds those of every possible template.
func (e *evaluation) addTemplate(s *scope, m pathRef, v cty.Value, names bound) {
	if e.templateDepth > maxTemplateDepth {
		e.checker.addPathViolation(m, "is nested too deeply in templates to be checked")
		return
	}
	if p, ok := e.repoPathOf(v); ok {
		e.addTemplateFile(s, m, p, names)
		return
	}
	prefix, hasPrefix := prefixOf(v)
	dir, ok := e.repoPath(prefix)
	if !hasPrefix || !ok {
		return // the whole repository is an input
	}
	o, err := repotree.ResolveLinks(e.tree, dir)
	if err != nil || !o.Dir {
		return
	}
	_ = fs.WalkDir(e.tree, o.Path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case d.Type().IsRegular():
			e.addTemplateFile(s, m, p, names)
		case d.Type()&fs.ModeSymlink != 0:
			e.checker.checkLinkedTemplate(m, p)
		}
		return nil
	})
}

// addTemplateFile adds the files that the template at p reads.
func (e *evaluation) addTemplateFile(s *scope, m pathRef, p string, names bound) {
	mentions, err := e.loader.templates.get(p, func() ([]pathRef, error) { return e.findTemplateReads(p) })
	if problem, ok := errors.AsType[*hcleval.Problem](err); ok {
		e.problems = append(e.problems, problem)
	}
	if err != nil || len(mentions) == 0 {
		return // Terraform has a better message for a broken template
	}
	e.templateDepth++
	defer func() { e.templateDepth-- }()
	variableSets := unknownChoices
	if m.secondArg != nil {
		variableSets = s.possibleValues(m.secondArg, names)
	}
	if e.checker != nil {
		s = newScope(e, &module{dir: s.module.dir})
		s.isTemplate = true
	}
	for _, variables := range variableSets {
		vars := attributesOf(variables)
		for _, inner := range mentions {
			e.addPathRefIn(s, inner, vars)
		}
	}
}

// attributesOf returns the values of a template's variables, as far as they are known.
func attributesOf(v cty.Value) bound {
	vars := bound{}
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

// findTemplateReads returns the path references in a template.
func (e *evaluation) findTemplateReads(p string) ([]pathRef, error) {
	text, err := repotree.ReadFile(e.tree, p, hcleval.MaxConfigSize)
	if err != nil {
		return nil, err
	}
	e.checker.checkTemplateFunctions(p, text)
	if !bytes.Contains(text, []byte("file")) {
		return nil, nil // the usual template, of any size
	}
	x, err := hcleval.ParseTemplate(p, text)
	if err != nil {
		return nil, err
	}
	if e.loader.hidesConditions {
		hcleval.HideConditions(x)
	}
	c := &pathRefVisitor{module: &module{}, file: p}
	c.visitFunctions(x)
	return c.module.pathRefs, nil
}
