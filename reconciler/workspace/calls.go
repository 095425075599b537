package workspace

import (
	"path"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// walkCall walks the module that c calls, with everything that the module depends on.
func (e *evaluation) walkCall(s *module.Scope, c *module.Call) {
	source, ok := c.Arguments["source"]
	if !ok {
		return // Terraform has a better message for this
	}
	text, known := hcleval.AsString(s.Evaluate(source.Expression, nil))
	dir, isLocal := module.LocalSource(text)
	switch {
	case !known:
		if e.checker != nil {
			e.checker.CheckUnknownModule(c, source)
		}
		// The inputs of such a module are unknown, so every file counts.
		e.inputs.addGuess(".", unknownExpression{hcleval.ProblemAt(source.File, source.Range(), "the source of module %q cannot be evaluated", c.Name), "every change in the repository counts"})
	case isLocal && !repotree.IsOutside(path.Join(s.Module.Dir, dir)):
		e.walkLocalCall(s, c, source, path.Join(s.Module.Dir, dir))
	case isLocal, path.IsAbs(text):
		e.problems = append(e.problems, hcleval.ProblemAt(source.File, source.Range(), "module %q: source %s is outside the repository", c.Name, text))
	default:
		e.checkRemoteCall(c, source, text)
		if e.checker == nil && !s.ZeroInstances { // what the module reads is not known: its arguments may name it
			for _, m := range c.PathRefs {
				e.addPathRef(s, m)
			}
		}
	}
}

func (e *evaluation) walkLocalCall(s *module.Scope, c *module.Call, source module.Definition, dir string) {
	addProblem := func(format string, args ...any) {
		e.problems = append(e.problems, hcleval.ProblemAt(source.File, source.Range(), "module %q: "+format, append([]any{c.Name}, args...)...))
	}
	if errs := e.inputs.addOwn(dir); len(errs) > 0 {
		for _, err := range errs {
			addProblem("%s", err)
		}
		return
	}
	m, err := e.evaluator.Load(dir)
	if err != nil {
		addProblem("%s", err)
		return
	}
	e.modulesCalled[m.Dir] = true
	if e.checker != nil {
		e.checker.CheckLinkedDir(dir, m.Dir)
	}
	if cycle := s.FindCallCycle(m.Dir); cycle != "" {
		addProblem("the module calls itself: %s", cycle)
		return
	}
	if e.evaluator.ExceedsInstances() {
		// Beyond the limit of instances each module is walked once, with unknown arguments.
		if !e.walkedGenerally[m.Dir] {
			e.walkedGenerally[m.Dir] = true
			child := s.NewChild(m, c, nil)
			child.HasUnknownArgs, child.ZeroInstances = true, false
			e.walk(child)
		}
		return
	}
	if child := s.Callee(c.Name); child != nil && len(c.Bindings) == 0 {
		e.walk(child)
		return
	}
	if s.HasZeroInstances(c.Bindings) {
		child := s.NewChild(m, c, nil)
		child.ZeroInstances = true
		e.walk(child)
		return
	}
	s.ForEach(c.Bindings, nil, c.Expressions(), func(names module.Bound) { e.walk(s.NewChild(m, c, names)) })
}

var (
	exactVersion = lazyregexp.New(`^\s*=?\s*v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\s*$`)
	// A ref that is neither a commit nor looks like a version may be a branch.
	exactRef = lazyregexp.New(`[?&](ref=([0-9a-f]{7,64}|refs/tags/[^&]+|[^&]*\d+\.\d+[^&]*|v\d+)(&|$)|(rev|tag|checksum|archive_checksum|versionId|version|digest)=[^&]+)`)
)

// checkRemoteCall warns about a module that may change without a commit here.
func (e *evaluation) checkRemoteCall(c *module.Call, source module.Definition, text string) {
	exact := false
	if v, ok := c.Arguments["version"]; ok {
		version, known := hcleval.ConstantString(v.Expression)
		exact = known && exactVersion().MatchString(version)
	}
	if e.checker != nil {
		e.checker.CheckRemoteModule(c, source, text, exact)
	}
	if module.IsRegistry(text) {
		if exact {
			return
		}
		e.addWarning(source.File, source.Expression, "module %q has no exact version: reconcile does not notice a new version in the registry", c.Name)
		return
	}
	if !exactRef().MatchString(text) {
		e.addWarning(source.File, source.Expression, "module %q has a remote source without an exact ref: reconcile does not notice changes there", c.Name)
	}
}
