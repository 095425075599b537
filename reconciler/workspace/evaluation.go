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

	inputs    *inputs
	reads     map[string]bool
	globs     map[string]bool // see Workspace.Globs
	warnings  []*Problem
	problems  []*Problem
	cli       []*Problem // where terraform.workspace is used
	versions  []string   // required_version
	init      []string   // Workspace.InitKey
	providers bool       // Workspace.Providers
	settings  map[string]bool

	instances  int             // of modules
	general    map[string]bool // modules that were looked at with unknown arguments
	refusal    *refusal        // told of what is found; nil: nobody asks
	inTemplate int             // how deep
	depth      int             // of references
	steps      int             // of evaluating
	meter      meter           // of the expression that is evaluated
}

// visit looks through the module of s and those that it calls.
func (e *evaluation) visit(s *scope) {
	e.refusal.visited(s.module.dir)
	e.problems = append(e.problems, s.module.problems...)
	e.versions = append(e.versions, s.module.versions...)
	e.init = append(e.init, s.module.dir)
	e.init = append(e.init, s.module.init...)
	e.providers = e.providers || wantsProviders(s.module.init)
	for _, key := range s.module.settings {
		e.settings[key] = true
	}
	if !s.idle { // else Terraform evaluates nothing in it; it reads and installs it all the same
		e.cli = append(e.cli, s.module.cli...)
		for _, m := range s.module.mentions {
			e.mention(s, m)
		}
		for _, r := range s.module.reads {
			e.remoteState(s, r)
		}
	}
	for _, name := range sortedKeys(s.module.calls) {
		e.call(s, s.module.calls[name])
	}
}

// mention takes in what m names.
func (e *evaluation) mention(s *scope, m mention) { e.mentionIn(s, m, nil) }

// mentionIn is mention where names stand for something already.
func (e *evaluation) mentionIn(s *scope, m mention, names bound) {
	if e.refusal != nil {
		e.refusal.mention(s, m, names)
		return
	}
	if m.kind == anyText && !m.out && !slices.ContainsFunc(m.refs, s.leadsOut) {
		return
	}
	s.each(m.bindings, names, []hclsyntax.Expression{m.path, m.more}, func(names bound) {
		for _, v := range s.values(m.path, names) {
			switch m.kind {
			case filesetArgument:
				e.named(m, e.filesetBase(s, m, v, names))
			case templateArgument:
				e.named(m, v)
				e.template(s, m, v, names)
			case fileArgument:
				e.named(m, v)
			case pathAttribute:
				e.attribute(m, v)
			case anyText:
				e.text(s, m, v)
			}
		}
	})
}

// values returns the values that x may have: of a choice that cannot be
// evaluated, both.
func (s *scope) values(x hclsyntax.Expression, names bound) []cty.Value {
	if choice, ok := unwrap(x).(*hclsyntax.ConditionalExpr); ok {
		if v := s.value(choice.Condition, names); !v.IsKnown() {
			return append(s.values(choice.TrueResult, names), s.values(choice.FalseResult, names)...)
		}
	}
	return []cty.Value{s.value(x, names)}
}

// possible returns the values that x may have: where code is judged that
// nobody has approved, all choices.
func (s *scope) possible(x hclsyntax.Expression, names bound) []cty.Value {
	if s.refusal != nil {
		return s.choices(x, names)
	}
	return []cty.Value{s.value(x, names)}
}

// unwrap returns what stands in parentheses, or alone in a template.
func unwrap(x hclsyntax.Expression) hclsyntax.Expression {
	for {
		switch inner := x.(type) {
		case *hclsyntax.ParenthesesExpr:
			x = inner.Expression
		case *hclsyntax.TemplateWrapExpr:
			x = inner.Wrapped
		case step:
			x = inner.Expression
		default:
			return x
		}
	}
}
