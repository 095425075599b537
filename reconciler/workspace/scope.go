package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// origin marks values of which more is known than that they are unknown.
type origin string

const (
	computed origin = "computed" // by a provider, when Terraform runs
	content  origin = "content"  // of a file: not a path itself
)

// elsewhere is a value that is made elsewhere: what a resource names in the
// tree it names itself, and is asked itself.
var elsewhere = cty.DynamicVal.Mark(computed)

// bound are the values of the names that expressions around bind: each, count,
// those of for expressions and dynamic blocks.
type bound map[string]cty.Value

// scope evaluates the expressions of one module as one caller calls it.
// Everything is evaluated when it is first needed, and once.
type scope struct {
	*evaluation
	module  *module
	parent  *scope // nil for the root module
	call    *call
	bound   bound                // of the call's for_each
	general bool                 // any arguments: the variables are unknown
	idle    bool                 // of a call without an instance, or called by such a module
	given   map[string]cty.Value // root module: the variables' values
	memo    map[string]cty.Value
	out     map[reference]bool // see leadsOut
	callees map[string]*scope  // of calls without for_each, and for references to outputs
	choice  map[string][]cty.Value
	sealed  bool // of a template: it has no names but those that it is given
}

func newScope(e *evaluation, m *module) *scope {
	return &scope{evaluation: e, module: m, memo: map[string]cty.Value{}, callees: map[string]*scope{}, out: map[reference]bool{}, choice: map[string][]cty.Value{}}
}

// value returns what e is, as far as it can be told. It is never NilVal.
func (s *scope) value(e hclsyntax.Expression, names bound) cty.Value {
	if counted, ok := e.(step); ok {
		e = counted.Expression
	}
	if t, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
		if v, ok := s.simple(t.Traversal, names); ok {
			return v
		}
	}
	if s.steps > maxSteps {
		s.exceeds(e)
		return cty.DynamicVal
	}
	ctx := s.context(e, names)
	v := cty.DynamicVal
	ok := s.meter.within(func() { v = valueOrPart(e, ctx) })
	s.steps += valueCost + s.meter.steps
	if !ok || sizeOf(v) > maxSize {
		s.exceeds(e)
		return cty.DynamicVal
	}
	if s.refusal != nil && hasPath(v) {
		return cty.DynamicVal // built on how a path is written, and not known therefore
	}
	return v
}

// simple returns the value of var.NAME or local.NAME, for which no context
// need be built.
func (s *scope) simple(t hcl.Traversal, names bound) (cty.Value, bool) {
	name, ok := attrAt(t, 1)
	if !ok || len(t) != 2 {
		return cty.NilVal, false
	}
	root := t.RootName()
	if _, ok := names[root]; ok {
		return cty.NilVal, false
	}
	switch root {
	case "var":
		return s.variable(name), true
	case "local":
		return s.local(name), true
	}
	return cty.NilVal, false
}

// context returns what e refers to.
func (s *scope) context(e hclsyntax.Expression, names bound) *hcl.EvalContext {
	ctx := s.base.NewChild()
	ctx.Variables = s.meter.value()
	refs := node{}
	for _, t := range hclsyntax.Variables(e) {
		root := t.RootName()
		if v, ok := names[root]; ok {
			ctx.Variables[root] = v
			continue
		}
		s.refer(refs, t)
	}
	for name, n := range refs {
		ctx.Variables[name] = n.object()
	}
	return ctx
}

// refer puts the value that t leads to into refs.
func (s *scope) refer(refs node, t hcl.Traversal) {
	root := t.RootName()
	one, isOne := attrAt(t, 1)
	if !isOne {
		refs.set(cty.DynamicVal, root)
		return
	}
	switch root {
	case "var":
		refs.set(s.variable(one), root, one)
	case "local":
		refs.set(s.local(one), root, one)
	case "path":
		refs.set(s.pathValue(one), root, one)
	case "terraform", "tofu":
		v := cty.DynamicVal
		if one == "workspace" && s.refusal == nil {
			v = cty.StringVal("default")
		}
		refs.set(v, root, one)
	case "module":
		s.referTo(refs, t, 2, cty.DynamicVal, func(attr string) cty.Value { return s.output(one, attr) })
	case "data", "ephemeral":
		two, ok := attrAt(t, 2)
		if !ok {
			refs.set(cty.DynamicVal, root)
			return
		}
		s.referTo(refs, t, 3, elsewhere, func(attr string) cty.Value { return s.resourceValue(root+"."+one+"."+two, attr) })
	case "each", "count", "self":
		refs.set(cty.DynamicVal, root)
	default:
		s.referTo(refs, t, 2, elsewhere, func(attr string) cty.Value { return s.resourceValue(root+"."+one, attr) })
	}
}

// referTo puts the attribute that t reads of an object into refs, or whole
// if it reads more than one. The first at steps of t lead to the object; an
// index may follow, but which of several it is matters to no value here.
func (s *scope) referTo(refs node, t hcl.Traversal, at int, whole cty.Value, attribute func(string) cty.Value) {
	steps := []string{t.RootName()}
	for i := 1; i < at; i++ {
		name, _ := attrAt(t, i)
		steps = append(steps, name)
	}
	if index, ok := indexAt(t, at); ok {
		steps = append(steps, index)
		at++
	}
	if attr, ok := attrAt(t, at); ok {
		refs.set(attribute(attr), append(steps, attr)...)
		return
	}
	refs.set(whole, steps...)
}

// attrAt returns the name of an attribute step of t.
func attrAt(t hcl.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	a, ok := t[i].(hcl.TraverseAttr)
	return a.Name, ok
}

// indexAt returns the key of an index step of t, as an attribute's name.
func indexAt(t hcl.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	index, ok := t[i].(hcl.TraverseIndex)
	if !ok {
		return "", false
	}
	return scalar(index.Key), true
}

// node is a tree of names with values at its ends.
type node map[string]*branch

type branch struct {
	value cty.Value // NilVal if there are branches instead
	below node
}

// set puts v under the names. A value set above wins, since whoever asked for
// all of an object must not be given a part of it.
func (n node) set(v cty.Value, names ...string) {
	b := n[names[0]]
	switch {
	case len(names) == 1:
		n[names[0]] = &branch{value: v}
		return
	case b == nil:
		b = &branch{below: node{}}
		n[names[0]] = b
	case b.below == nil:
		return
	}
	b.below.set(v, names[1:]...)
}

func (b *branch) object() cty.Value {
	if b.below == nil {
		return b.value
	}
	attrs := make(map[string]cty.Value, len(b.below))
	for name, below := range b.below {
		attrs[name] = below.object()
	}
	return cty.ObjectVal(attrs)
}

// asString returns the string that v is, whatever it is marked with.
func asString(v cty.Value) (string, bool) {
	if v == cty.NilVal {
		return "", false
	}
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// iterable tells whether the elements of v can be gone through. v is not
// marked; its elements may be.
func iterable(v cty.Value) bool {
	return v.IsKnown() && !v.IsNull() && v.CanIterateElements()
}
