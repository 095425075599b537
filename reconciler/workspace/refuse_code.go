package workspace

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// functions refuses functions by name, and those of providers that may not
// run.
func (r *refusal) functions(file string, x hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if name, ok := strings.CutPrefix(call.Name, "provider::"); ok {
			name, _, _ = strings.Cut(name, "::")
			r.provider(file, call.NameRange, name)
			return nil
		}
		name := strings.TrimPrefix(call.Name, "core::")
		if r.trust.refuses(name) {
			r.refuse(file, call.NameRange, name, "%s() is not allowed", name)
		}
		return nil
	})
}

// templateFunctions refuses functions in a template's text.
func (r *refusal) templateFunctions(file string, text []byte) {
	if r == nil {
		return
	}
	if tooDeep(text) {
		r.refuse(file, hcl.Range{}, "", nestedTooDeep)
		return
	}
	x, diags := hclsyntax.ParseTemplate(text, "", hcl.InitialPos)
	if !diags.HasErrors() {
		r.functions(file, x)
	}
}

// path refuses what reads outside the tree, or what could.
func (r *refusal) path(m mention, format string, args ...any) {
	name := strings.TrimSuffix(m.what, "()")
	r.refuse(m.file, m.path.Range(), name, "%s %s", m.what, fmt.Sprintf(format, args...))
}

// mention judges all that m may name.
func (r *refusal) mention(s *scope, m mention, names bound) {
	if m.kind == anyText || r.looked > maxChoiceSteps {
		return
	}
	s.each(m.bindings, names, []hclsyntax.Expression{m.path, m.more}, func(names bound) {
		for _, v := range s.choices(m.path, names) {
			switch m.kind {
			case filesetArgument:
				r.fileset(s, m, v, names)
			case templateArgument:
				if r.reads(m, v) {
					r.template(s, m, v, names)
				}
			case fileArgument:
				r.reads(m, v)
			case pathAttribute:
				r.names(m, v)
			}
		}
	})
}

const (
	readsOutside = "reads outside the repository"
	readsUnknown = "reads what cannot be told before Terraform runs"
	readsOthers  = "reads what is not the repository's"
)

// reads judges the argument of a function, and reports whether it may be read.
func (r *refusal) reads(m mention, v cty.Value) bool {
	text, known := asString(v)
	if v.HasMark(below) {
		bareValue, _ := v.Unmark()
		text, known = bareValue.Range().StringPrefix(), true
	}
	switch {
	case isNull(v): // an error, or stands where nothing is read
		return false
	case !known:
		r.path(m, readsUnknown)
		return false
	}
	p, ok := r.place(text)
	if !ok {
		r.path(m, readsOutside)
		return false
	}
	return r.object(m, p)
}

// object judges an object of the tree.
func (r *refusal) object(m mention, p string) bool {
	o, err := resolve(r.tree, p)
	switch {
	case err != nil:
		r.path(m, "reads what cannot be used: %s", err)
	case IsToolFile(p), IsToolFile(o.path), inTerraform(p), inTerraform(o.path), !o.exists && r.made(o.path):
		r.path(m, readsOthers)
	default:
		return true
	}
	return false
}

// made reports whether a path that Git does not hold may be there all the
// same: what we generate, Terraform leaves behind, or readers of a state find.
func (r *refusal) made(p string) bool {
	name := path.Base(p)
	return slices.Contains(r.proposal.States, localIdentity+p) || strings.HasPrefix(name, Generated) ||
		strings.Contains(name, ".tfstate") || name == ".terraform.lock.hcl"
}

// localIdentity begins the identity of a state in a file.
const localIdentity = "local:"

// fileset judges a list of files: nothing on the disk that Git does not hold
// may be among them.
func (r *refusal) fileset(s *scope, m mention, dir cty.Value, names bound) {
	start, known := asString(dir)
	pattern, plain := asString(s.value(m.more, names))
	switch {
	case !known:
		r.path(m, readsUnknown)
		return
	case !plain:
		r.path(m, "takes a pattern that cannot be told before Terraform runs")
		return
	case !plainPattern(pattern):
		r.path(m, "takes a pattern that may lead out of its directory")
		return
	}
	base, ok := r.place(path.Join(start, fixedPart(pattern)))
	if from, in := r.place(start); !ok || !in {
		r.path(m, readsOutside)
	} else if r.object(m, base) && slices.ContainsFunc(r.samples(), func(p string) bool { return globbed(path.Join(from, pattern), p) }) {
		r.path(m, readsOthers)
	}
}

func globbed(pattern, p string) bool {
	yes, err := doublestar.Match(pattern, p)
	return yes || err != nil
}

// samples are files that may be on the disk beside what Git holds.
func (r *refusal) samples() []string {
	all := []string{}
	for _, state := range r.proposal.States {
		if p, ok := strings.CutPrefix(state, localIdentity); ok {
			all = append(all, p)
		}
	}
	names := []string{
		"terraform.tfstate", ".terraform.tfstate.lock.info", Generated + "_override.tf",
		".terraform/terraform.tfstate", ".terraform/modules/modules.json", ".terraform/providers/h/n/t/v/p/terraform-provider-t",
	}
	if len(r.config.Env) > 0 {
		names = append(names, Generated+".auto.tfvars.json")
	}
	for _, name := range names {
		all = append(all, path.Join(r.root.Path, name))
	}
	return all
}

// names judges an attribute that holds a path. A data source reads it in the
// plan; a resource, once it is applied.
func (r *refusal) names(m mention, v cty.Value) {
	bareValue, _ := v.Unmark()
	if bareValue.IsKnown() && (bareValue.IsNull() || bareValue.Type() != cty.String) {
		return // not set, or not this kind of attribute
	}
	text, known := asString(v)
	switch {
	case !known && m.data && !v.HasMark(below):
		r.path(m, readsUnknown)
	case !known || !isPath(text):
	default:
		p, ok := r.place(text)
		// A provider goes there step by step, links and all.
		if _, err := resolve(r.tree, r.root.Path+"/"+text); !ok || err != nil {
			r.path(m, "lies outside the repository")
		} else {
			r.object(m, p)
		}
	}
}

// remoteModule refuses modules from elsewhere: but for exact versions of those
// that are trusted.
func (r *refusal) remoteModule(c *call, source definition, text string, exact bool) {
	switch {
	case r == nil:
	case !isRegistry(text) || !r.trust.trustsModule(text):
		r.refuse(source.file, source.Range(), "", "module %q comes from elsewhere, and %s is not among those that may be used", c.name, text)
	case !exact:
		r.refuse(source.file, source.Range(), "", "module %q has no exact version", c.name)
	}
}

// linkedTemplate refuses a link where any template of a directory may be
// meant: what it leads to is not looked through.
func (r *refusal) linkedTemplate(m mention, p string) {
	if r != nil {
		r.path(m, "may read %s, which is a symbolic link", p)
	}
}
