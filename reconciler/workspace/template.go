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
		if err == nil && d.Type().IsRegular() {
			e.templateAt(s, m, p, names)
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
	vars := bound{}
	if m.more != nil {
		given, _ := s.value(m.more, names).Unmark()
		if iterable(given) && (given.Type().IsObjectType() || given.Type().IsMapType()) {
			for it := given.ElementIterator(); it.Next(); {
				k, v := it.Element()
				if name, ok := asString(k); ok {
					vars[name] = v
				}
			}
		}
	}
	for _, inner := range mentions {
		e.mentionIn(s, inner, vars)
	}
}

// maxTemplates is how deep templates may lie in templates.
const maxTemplates = 10

// parseTemplate returns the places in a template that name objects.
func (e *evaluation) parseTemplate(p string) ([]mention, error) {
	text, err := readFile(e.tree, p)
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
	x, diags := hclsyntax.ParseTemplate(text, "", hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	c := &collector{module: &module{}, file: p}
	c.functions(x)
	return c.module.mentions, nil
}
