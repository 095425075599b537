package workspace

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// maxInstances is how many instances of modules are told apart in one
// workspace; beyond, their arguments are unknown, which widens.
const maxInstances = 2000

// evaluation is the loading of one workspace.
type evaluation struct {
	*Loader
	root   Dir
	config Config
	base   *hcl.EvalContext // functions

	inputs           *inputs
	reads            map[string]bool
	globs            map[string]bool // see Workspace.Globs
	warnings         []*Problem
	problems         []*Problem
	cliWorkspaceRefs []*Problem // where terraform.workspace is used
	versions         []string   // required_version
	init             []string   // Workspace.InitKey
	needsProviders   bool       // Workspace.Providers
	settings         map[string]bool

	instances       int             // of modules
	walkedGenerally map[string]bool // modules that were looked at with unknown arguments
	checker         *policyChecker  // told of what is found; nil: nobody asks
	templateDepth   int             // how deep
	referenceDepth  int             // of references
	steps           int             // of evaluating
	meter           meter           // of the expression that is evaluated
}

// walk looks through the module of s and those that it calls.
func (e *evaluation) walk(s *scope) {
	e.checker.addDir(s.module.dir)
	e.problems = append(e.problems, s.module.problems...)
	e.versions = append(e.versions, s.module.versions...)
	e.init = append(e.init, s.module.dir)
	e.init = append(e.init, s.module.init...)
	e.needsProviders = e.needsProviders || needsProviders(s.module.init)
	for _, key := range s.module.settings {
		e.settings[key] = true
	}
	if !s.zeroInstances { // else Terraform evaluates nothing in it; it reads and installs it all the same
		e.cliWorkspaceRefs = append(e.cliWorkspaceRefs, s.module.cliWorkspaceRefs...)
		for _, m := range s.module.pathRefs {
			e.addPathRef(s, m)
		}
		for _, r := range s.module.remoteStates {
			e.addRemoteState(s, r)
		}
	}
	for _, name := range sortedKeys(s.module.calls) {
		e.walkCall(s, s.module.calls[name])
	}
}

// addPathRef takes in what m names.
func (e *evaluation) addPathRef(s *scope, m pathRef) { e.addPathRefIn(s, m, nil) }

// addPathRefIn is mention where names stand for something already.
func (e *evaluation) addPathRefIn(s *scope, m pathRef, names bound) {
	if e.checker != nil {
		e.checker.checkPathRef(s, m, names)
		return
	}
	if m.kind == anyText && !m.escapes && !slices.ContainsFunc(m.refs, s.mayEscape) {
		return
	}
	s.forEach(m.bindings, names, []hclsyntax.Expression{m.path, m.secondArg}, func(names bound) {
		for _, v := range s.branchValues(m.path, names) {
			switch m.kind {
			case filesetArgument:
				e.addFuncArg(m, e.filesetBase(s, m, v, names))
			case templateArgument:
				e.addFuncArg(m, v)
				e.addTemplate(s, m, v, names)
			case fileArgument:
				e.addFuncArg(m, v)
			case pathAttribute:
				e.addPathAttr(m, v)
			case anyText:
				e.addText(s, m, v)
			}
		}
	})
}

// branchValues returns the values that x may have: of a choice that cannot be
// evaluated, both.
func (s *scope) branchValues(x hclsyntax.Expression, names bound) []cty.Value {
	if conditional, ok := unwrap(x).(*hclsyntax.ConditionalExpr); ok {
		if v := s.evaluate(conditional.Condition, names); !v.IsKnown() {
			return append(s.branchValues(conditional.TrueResult, names), s.branchValues(conditional.FalseResult, names)...)
		}
	}
	return []cty.Value{s.evaluate(x, names)}
}

// possibleValues returns the values that x may have: where code is judged that
// nobody has approved, all choices.
func (s *scope) possibleValues(x hclsyntax.Expression, names bound) []cty.Value {
	if s.checker != nil {
		return s.choices(x, names)
	}
	return []cty.Value{s.evaluate(x, names)}
}

// unwrap returns what stands in parentheses, or alone in a template.
func unwrap(x hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch inner := x.(type) {
		case *hclsyntax.ParenthesesExpr:
			x = inner.Expression
		case *hclsyntax.TemplateWrapExpr:
			x = inner.Wrapped
		case meteredExpr:
			x = inner.Expression
		default:
			return x
		}
	}
}
