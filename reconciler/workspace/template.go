package workspace

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// template takes in the files that a template reads by functions of its own.
// Where it is not known which template, they are those of every one that it
// may be.
func (e *evaluation) template(s *scope, m mention, v cty.Value, names bound) {
	if e.inTemplate > maxTemplates {
		e.refusal.path(m, "lies too deep in templates to be looked through")
		return
	}
	if p, ok := e.locate(v); ok {
		e.templateAt(s, m, p, names)
		return
	}
	prefix, begins := prefixOf(v)
	dir, ok := e.place(prefix)
	if !begins || !ok {
		return // widened to the repository
	}
	o, err := resolve(e.tree, dir)
	if err != nil || !o.dir {
		return
	}
	_ = fs.WalkDir(e.tree, o.path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
		case d.Type().IsRegular():
			e.templateAt(s, m, p, names)
		case d.Type()&fs.ModeSymlink != 0:
			e.refusal.linkedTemplate(m, p)
		}
		return nil
	})
}

// templateAt takes in the files that the template at p reads.
func (e *evaluation) templateAt(s *scope, m mention, p string, names bound) {
	mentions, err := e.templates.get(p, func() ([]mention, error) { return e.parseTemplate(p) })
	if deep, ok := errors.AsType[*Problem](err); ok {
		e.problems = append(e.problems, deep)
	}
	if err != nil || len(mentions) == 0 {
		return // Terraform says better what is wrong with a template
	}
	e.inTemplate++
	defer func() { e.inTemplate-- }()
	given := unsure
	if m.more != nil {
		given = s.possible(m.more, names)
	}
	if e.refusal != nil {
		s = newScope(e, &module{dir: s.module.dir})
		s.sealed = true
	}
	for _, variables := range given {
		vars := attributesOf(variables)
		for _, inner := range mentions {
			e.mentionIn(s, inner, vars)
		}
	}
}

// attributesOf returns what a template's variables are, as far as is known.
func attributesOf(v cty.Value) bound {
	vars := bound{}
	v, _ = v.Unmark()
	if !iterable(v) || !v.Type().IsObjectType() && !v.Type().IsMapType() {
		return vars
	}
	for it := v.ElementIterator(); it.Next(); {
		k, v := it.Element()
		if name, ok := asString(k); ok {
			vars[name] = v
		}
	}
	return vars
}

// maxTemplates is how deep templates may lie in templates.
const maxTemplates = 10

// parseTemplate returns the places in a template that name objects.
func (e *evaluation) parseTemplate(p string) ([]mention, error) {
	text, err := readFile(e.tree, p, maxConfig)
	if err != nil {
		return nil, err
	}
	e.refusal.templateFunctions(p, text)
	if !bytes.Contains(text, []byte("file")) {
		return nil, nil // the usual template, of any size
	}
	if tooDeep(text) {
		return nil, &Problem{File: p, Text: nestedTooDeep}
	}
	x, diags := hclsyntax.ParseTemplate(text, p, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	if e.doubtful {
		doubt(x)
	}
	meterBelow(x)
	c := &collector{module: &module{}, file: p}
	c.functions(x)
	return c.module.mentions, nil
}
