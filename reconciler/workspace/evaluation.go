package workspace

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// maxInstances is the number of module instances that are evaluated separately in one
// workspace. Beyond it their arguments are unknown, which makes the inputs wider.
const maxInstances = 2000

// evaluation loads one workspace.
type evaluation struct {
	loader *Loader
	tree   repotree.Tree // of the loader
	root   settings.Dir
	config settings.Config
	base   *hcl.EvalContext // functions

	inputs           *inputs
	reads            map[string]bool
	globs            map[string]bool // see Workspace.Globs
	warnings         []*hcleval.Problem
	problems         []*hcleval.Problem
	cliWorkspaceRefs []*hcleval.Problem // uses of terraform.workspace
	versions         []string           // required_version
	init             []string           // Workspace.InitKey
	needsProviders   bool               // Workspace.NeedsProviders
	settings         map[string]bool

	instances       int             // number of module instances
	walkedGenerally map[string]bool // modules that were walked with unknown arguments
	checker         *policyChecker  // receives each finding; nil if no policy is checked
	templateDepth   int             // nesting of templates
	referenceDepth  int             // nesting of references
	steps           int             // steps of evaluation
	choiceSteps     int             // number of choices examined
	choiceDepth     int             // nesting of choices
	meter           hcleval.Meter   // of the current expression
}

// walk collects the inputs of the module of s and of the modules that it calls.
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
	if !s.zeroInstances { // otherwise Terraform evaluates nothing in it, but still reads and installs it
		e.cliWorkspaceRefs = append(e.cliWorkspaceRefs, s.module.cliWorkspaceRefs...)
		for _, m := range s.module.pathRefs {
			e.addPathRef(s, m)
		}
		for _, r := range s.module.remoteStates {
			e.addRemoteState(s, r)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.module.calls)) {
		e.walkCall(s, s.module.calls[name])
	}
}

// addPathRef adds the inputs that m names.
func (e *evaluation) addPathRef(s *scope, m pathRef) { e.addPathRefIn(s, m, nil) }

// addPathRefIn is addPathRef with some names already bound.
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

// branchValues returns the values that x may have: both branches of a conditional whose
// condition is unknown.
func (s *scope) branchValues(x hclsyntax.Expression, names bound) []cty.Value {
	if conditional, ok := hcleval.Unwrap(x).(*hclsyntax.ConditionalExpr); ok {
		if v := s.evaluate(conditional.Condition, names); !v.IsKnown() {
			return append(s.branchValues(conditional.TrueResult, names), s.branchValues(conditional.FalseResult, names)...)
		}
	}
	return []cty.Value{s.evaluate(x, names)}
}

// possibleValues returns the values that x may have. The policy check of unreviewed code
// needs all choices.
func (s *scope) possibleValues(x hclsyntax.Expression, names bound) []cty.Value {
	if s.evaluation.checker != nil {
		return s.choices(x, names)
	}
	return []cty.Value{s.evaluate(x, names)}
}
