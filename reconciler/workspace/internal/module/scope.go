package module

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// Limits of one workspace. Beyond them values are unknown, which makes the inputs wider.
const (
	maxWorkspaceSteps = 1 << 20 // steps of evaluation
	valueCost         = 4       // steps of evaluating any expression
)

// ValueMark says more about a value that is not fully known.
type ValueMark string

// Marks of values that are not the text of a path themselves.
const (
	KnownAfterApplyMark ValueMark = "known after apply" // from a provider, when Terraform runs
	ContentMark         ValueMark = "content"           // content of a file: not a path itself
)

// knownAfterApply is a value from a resource. What the resource names in the tree counts at
// the resource itself.
var knownAfterApply = cty.DynamicVal.Mark(KnownAfterApplyMark)

// Bound holds the values of bound names: each, count, and those of for expressions and
// dynamic blocks.
type Bound map[string]cty.Value

// Scope evaluates the expressions of one module for one caller. It evaluates each
// definition once, when it is first needed.
type Scope struct {
	evaluator      *Evaluator
	Module         *Module
	parent         *Scope // nil for the root module
	call           *Call
	bound          Bound                // of the call's for_each
	HasUnknownArgs bool                 // the variables are unknown
	ZeroInstances  bool                 // no instance of the call, or of one of its callers
	VariableValues map[string]cty.Value // the values of the root module's variables
	memo           map[string]cty.Value
	escapeMemo     map[SymbolRef]bool // see MayEscape
	callees        map[string]*Scope  // of calls without for_each, and for references to outputs
	choiceMemo     map[string][]cty.Value
	isTemplate     bool // a template has only the names that are passed to it

	providerFunctions map[string]function.Function // of the module; their results are unknown
}

// NewScope returns the scope of a root module.
func NewScope(e *Evaluator, m *Module) *Scope {
	s := &Scope{evaluator: e, Module: m, memo: map[string]cty.Value{}, callees: map[string]*Scope{}, escapeMemo: map[SymbolRef]bool{}, choiceMemo: map[string][]cty.Value{}}
	for name := range m.providerFunctions {
		if _, known := hcleval.PureFunctions.Functions[name]; known {
			continue
		}
		if s.providerFunctions == nil {
			s.providerFunctions = map[string]function.Function{}
		}
		s.providerFunctions[name] = hcleval.UnknownFunc
	}
	return s
}

// NewTemplateScope returns the scope of a template in the module of s: it has only the
// names that are passed to it.
func (s *Scope) NewTemplateScope() *Scope {
	template := NewScope(s.evaluator, &Module{Dir: s.Module.Dir})
	template.isTemplate = true
	return template
}

// Evaluate returns the value of e as far as it is known. It is never NilVal.
func (s *Scope) Evaluate(e hclsyntax.Expression, names Bound) cty.Value {
	e = hcleval.StripMeter(e)
	if t, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
		if v, ok := s.lookupSymbol(t.Traversal, names); ok {
			return v
		}
	}
	if s.evaluator.steps > maxWorkspaceSteps {
		s.evaluator.warnExceeded(s.Module.Dir, e)
		return cty.DynamicVal
	}
	if v, ok := hcleval.LiteralText(e); ok {
		s.evaluator.steps += valueCost
		return v
	}
	ctx := s.evalContext(e, names)
	v, ok := s.evaluator.meter.EvaluatePartially(e, ctx)
	s.evaluator.steps += valueCost + s.evaluator.meter.Steps
	if !ok {
		s.evaluator.warnExceeded(s.Module.Dir, e)
		return cty.DynamicVal
	}
	if s.evaluator.strict && hasPath(v) {
		return cty.DynamicVal // depends on the text of a path, and is therefore unknown
	}
	return v
}

// lookupSymbol returns the value of var.NAME or local.NAME without building a context.
func (s *Scope) lookupSymbol(t hcl.Traversal, names Bound) (cty.Value, bool) {
	name, ok := hcleval.AttrAt(t, 1)
	if !ok || len(t) != 2 {
		return cty.NilVal, false
	}
	root := t.RootName()
	if _, ok := names[root]; ok {
		return cty.NilVal, false
	}
	switch root {
	case "var":
		return s.variableValue(name), true
	case "local":
		return s.localValue(name), true
	}
	return cty.NilVal, false
}

// evalContext returns a context with everything that e refers to.
func (s *Scope) evalContext(e hclsyntax.Expression, names Bound) *hcl.EvalContext {
	ctx := s.evaluator.functionContext().NewChild()
	ctx.Functions = s.providerFunctions
	ctx.Variables = map[string]cty.Value{}
	refs := valueTree{}
	for _, t := range hclsyntax.Variables(e) {
		root := t.RootName()
		if v, ok := names[root]; ok {
			ctx.Variables[root] = v
			continue
		}
		s.addReference(refs, t)
	}
	for name, n := range refs {
		ctx.Variables[name] = n.toValue()
	}
	return ctx
}

// addReference puts the value that t leads to into refs.
func (s *Scope) addReference(refs valueTree, t hcl.Traversal) {
	root := t.RootName()
	name, hasName := hcleval.AttrAt(t, 1)
	if !hasName {
		refs.set(cty.DynamicVal, root)
		return
	}
	switch root {
	case "var":
		refs.set(s.variableValue(name), root, name)
	case "local":
		refs.set(s.localValue(name), root, name)
	case "path":
		refs.set(s.pathValue(name), root, name)
	case "terraform", "tofu":
		v := cty.DynamicVal
		if name == "workspace" && s.evaluator.cliWorkspace != "" {
			v = cty.StringVal(s.evaluator.cliWorkspace)
		}
		refs.set(v, root, name)
	case "module":
		s.addAttributeReference(refs, t, 2, cty.DynamicVal, func(attr string) cty.Value { return s.outputValue(name, attr) })
	case "data", "ephemeral":
		subName, ok := hcleval.AttrAt(t, 2)
		if !ok {
			refs.set(cty.DynamicVal, root)
			return
		}
		s.addAttributeReference(refs, t, 3, knownAfterApply, func(attr string) cty.Value { return s.resourceValue(root+"."+name+"."+subName, attr) })
	case "each", "count", "self":
		refs.set(cty.DynamicVal, root)
	default:
		s.addAttributeReference(refs, t, 2, knownAfterApply, func(attr string) cty.Value { return s.resourceValue(root+"."+name, attr) })
	}
}

// addAttributeReference puts the attribute that t reads of an object into refs, or whole if
// t reads more than one. The object is at step index of t; an instance key may follow, and
// does not matter for the value.
func (s *Scope) addAttributeReference(refs valueTree, t hcl.Traversal, index int, whole cty.Value, attribute func(string) cty.Value) {
	steps := []string{t.RootName()}
	for i := 1; i < index; i++ {
		name, _ := hcleval.AttrAt(t, i)
		steps = append(steps, name)
	}
	if key, ok := indexAt(t, index); ok {
		steps = append(steps, key)
		index++
	}
	if attr, ok := hcleval.AttrAt(t, index); ok {
		refs.set(attribute(attr), append(steps, attr)...)
		return
	}
	refs.set(whole, steps...)
}

// indexAt returns the key of an index step of t, as the name of an attribute.
func indexAt(t hcl.Traversal, i int) (string, bool) {
	if i >= len(t) {
		return "", false
	}
	index, ok := t[i].(hcl.TraverseIndex)
	if !ok {
		return "", false
	}
	return hcleval.ScalarText(index.Key), true
}

// valueTree is a tree of names with values at its leaves.
type valueTree map[string]*valueNode

type valueNode struct {
	value    cty.Value // NilVal if there are children
	children valueTree
}

// set stores v under the names. A value nearer to the root wins: a reference to the whole
// object must not receive a part of it.
func (t valueTree) set(v cty.Value, names ...string) {
	b := t[names[0]]
	switch {
	case len(names) == 1:
		t[names[0]] = &valueNode{value: v}
		return
	case b == nil:
		b = &valueNode{children: valueTree{}}
		t[names[0]] = b
	case b.children == nil:
		return
	}
	b.children.set(v, names[1:]...)
}

func (n *valueNode) toValue() cty.Value {
	if n.children == nil {
		return n.value
	}
	attrs := make(map[string]cty.Value, len(n.children))
	for name, child := range n.children {
		attrs[name] = child.toValue()
	}
	return cty.ObjectVal(attrs)
}

// BranchValues returns the values that x may have: both branches of a conditional whose
// condition is unknown.
func (s *Scope) BranchValues(x hclsyntax.Expression, names Bound) []cty.Value {
	if conditional, ok := hcleval.Unwrap(x).(*hclsyntax.ConditionalExpr); ok {
		if v := s.Evaluate(conditional.Condition, names); !v.IsKnown() {
			return append(s.BranchValues(conditional.TrueResult, names), s.BranchValues(conditional.FalseResult, names)...)
		}
	}
	return []cty.Value{s.Evaluate(x, names)}
}

// PossibleValues returns the values that x may have. The policy check of unreviewed code
// needs all choices.
func (s *Scope) PossibleValues(x hclsyntax.Expression, names Bound) []cty.Value {
	if s.evaluator.strict {
		return s.Choices(x, names)
	}
	return []cty.Value{s.Evaluate(x, names)}
}
