package workspace

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// walkCall walks the module that c calls, with everything that the module depends on.
func (e *evaluation) walkCall(s *scope, c *moduleCall) {
	source, ok := c.arguments["source"]
	if !ok {
		return // Terraform has a better message for this
	}
	text, known := hcleval.AsString(s.evaluate(source.Expression, nil))
	switch {
	case !known:
		e.checker.addViolation(source.file, source.Range(), "", "the source of module %q is not known before Terraform runs", c.name)
		// The inputs of such a module are unknown, so every file counts.
		e.inputs.addGuess(".", hcleval.ProblemAt(source.file, source.Range(), "the source of module %q cannot be evaluated: every change in the repository counts", c.name))
	case isLocalSource(text) && !repotree.IsOutside(path.Join(s.module.dir, text)):
		e.walkLocalCall(s, c, source, path.Join(s.module.dir, text))
	case isLocalSource(text), path.IsAbs(text):
		e.problems = append(e.problems, hcleval.ProblemAt(source.file, source.Range(), "module %q: source %s is outside the repository", c.name, text))
	default:
		e.checkRemoteCall(c, source, text)
	}
}

// isLocalSource reports whether a module's source is a path in the repository.
func isLocalSource(source string) bool {
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

func (e *evaluation) walkLocalCall(s *scope, c *moduleCall, source definition, dir string) {
	addProblem := func(format string, args ...any) {
		e.problems = append(e.problems, hcleval.ProblemAt(source.file, source.Range(), "module %q: "+format, append([]any{c.name}, args...)...))
	}
	if errs := e.inputs.add(dir); len(errs) > 0 {
		for _, err := range errs {
			addProblem("%s", err)
		}
		return
	}
	m, err := e.loader.loadModule(dir)
	if err != nil {
		addProblem("%s", err)
		return
	}
	e.checker.checkLinkedDir(dir, m.dir)
	if cycle := s.findCallCycle(m.dir); cycle != "" {
		addProblem("the module calls itself: %s", cycle)
		return
	}
	if e.instances > maxInstances {
		// Beyond maxInstances each module is walked once, with unknown arguments.
		if !e.walkedGenerally[m.dir] {
			e.walkedGenerally[m.dir] = true
			child := s.newChild(m, c, nil)
			child.hasUnknownArgs, child.zeroInstances = true, false
			e.walk(child)
		}
		return
	}
	if child := s.callee(c.name); child != nil && len(c.bindings) == 0 {
		e.walk(child)
		return
	}
	if s.hasZeroInstances(c.bindings) {
		child := s.newChild(m, c, nil)
		child.zeroInstances = true
		e.walk(child)
		return
	}
	s.forEach(c.bindings, nil, c.expressions(), func(names bound) { e.walk(s.newChild(m, c, names)) })
}

// expressions returns the arguments that are passed to the module.
func (c *moduleCall) expressions() []hclsyntax.Expression {
	var exprs []hclsyntax.Expression
	for name, d := range c.arguments {
		if !slices.Contains(metaArguments, name) {
			exprs = append(exprs, d.Expression)
		}
	}
	return exprs
}

func (s *scope) newChild(m *module, c *moduleCall, names bound) *scope {
	s.evaluation.instances++
	child := newScope(s.evaluation, m)
	child.parent, child.call, child.bound, child.zeroInstances = s, c, names, s.zeroInstances
	return child
}

// callee returns the scope of a called module for references to its outputs, for any one of
// its instances. It returns nil if the module is not in this repository.
func (s *scope) callee(name string) *scope {
	if child, ok := s.callees[name]; ok {
		return child
	}
	s.callees[name] = nil
	c := s.module.calls[name]
	if c == nil || c.arguments["source"].Expression == nil {
		return nil
	}
	text, known := hcleval.AsString(s.evaluate(c.arguments["source"].Expression, nil))
	dir := path.Join(s.module.dir, text)
	if !known || !isLocalSource(text) || repotree.IsOutside(dir) || s.evaluation.instances > maxInstances {
		return nil
	}
	m, err := s.evaluation.loader.loadModule(dir)
	if err != nil || s.findCallCycle(m.dir) != "" {
		return nil
	}
	s.callees[name] = s.newChild(m, c, nil)
	return s.callees[name]
}

// findCallCycle returns the calls from dir down to the module of s and back, if dir is
// among the callers of s.
func (s *scope) findCallCycle(dir string) string {
	cycle := []string{dir}
	for caller := s; caller != nil; caller = caller.parent {
		cycle = append(cycle, caller.module.dir)
		if caller.module.dir == dir {
			slices.Reverse(cycle)
			return strings.Join(cycle, " -> ")
		}
	}
	return ""
}

var (
	exactVersion    = regexp.MustCompile(`^\s*=?\s*v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\s*$`)
	pinnedRef       = regexp.MustCompile(`[?&](ref|rev|tag|checksum|archive_checksum|versionId|version|digest)=[^&]+`)
	registryAddress = regexp.MustCompile(`^([0-9A-Za-z.:-]+/)?[0-9A-Za-z_-]+/[0-9A-Za-z_-]+/[0-9a-z]+(//.*)?$`)
)

// checkRemoteCall warns about a module that may change without a commit here.
func (e *evaluation) checkRemoteCall(c *moduleCall, source definition, text string) {
	exact := false
	if v, ok := c.arguments["version"]; ok {
		version, known := hcleval.ConstantString(v.Expression)
		exact = known && exactVersion.MatchString(version)
	}
	e.checker.checkRemoteModule(c, source, text, exact)
	if isRegistry(text) {
		if exact {
			return
		}
		e.addWarning(source.file, source.Expression, "module %q has no exact version: reconcile does not notice a new version in the registry", c.name)
		return
	}
	if !pinnedRef.MatchString(text) {
		e.addWarning(source.file, source.Expression, "module %q has a remote source without an exact ref: reconcile does not notice changes there", c.name)
	}
}

// isRegistry reports whether source is an address in a module registry. Shorthands of Git
// hosts have the same form.
func isRegistry(source string) bool {
	host, _, _ := strings.Cut(source, "/")
	return registryAddress.MatchString(source) && host != "github.com" && host != "bitbucket.org"
}
