package workspace

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// walkCall takes in the module that c calls, and what that depends on.
func (e *evaluation) walkCall(s *scope, c *moduleCall) {
	source, ok := c.arguments["source"]
	if !ok {
		return // Terraform says so better
	}
	text, known := asString(s.evaluate(source.Expression, nil))
	switch {
	case !known:
		e.checker.addViolation(source.file, source.Range(), "", "the source of module %q cannot be told before Terraform runs", c.name)
		// What such a module would depend on cannot be told, so all counts.
		e.inputs.addGuess(".", problemAt(source.file, source.Range(), "the source of module %q cannot be evaluated here: every change in the repository counts", c.name))
	case isLocalSource(text) && !isOutsideRepo(path.Join(s.module.dir, text)):
		e.walkLocalCall(s, c, source, path.Join(s.module.dir, text))
	case isLocalSource(text), path.IsAbs(text):
		e.problems = append(e.problems, problemAt(source.file, source.Range(), "module %q: source %s lies outside the repository", c.name, text))
	default:
		e.checkRemoteCall(c, source, text)
	}
}

// isLocalSource tells whether a module's source is a path of the repository.
func isLocalSource(source string) bool {
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// walkLocalCall takes in the module at dir, which c calls.
func (e *evaluation) walkLocalCall(s *scope, c *moduleCall, source definition, dir string) {
	addProblem := func(format string, args ...any) {
		e.problems = append(e.problems, problemAt(source.file, source.Range(), "module %q: "+format, append([]any{c.name}, args...)...))
	}
	if errs := e.inputs.add(dir); len(errs) > 0 {
		for _, err := range errs {
			addProblem("%s", err)
		}
		return
	}
	m, err := e.loadModule(dir)
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
		// So many that each is looked at once, whatever its arguments.
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

// expressions are the arguments that are handed to the module.
func (c *moduleCall) expressions() []hclsyntax.Expression {
	var exprs []hclsyntax.Expression
	for name, d := range c.arguments {
		if !slices.Contains(metaArguments, name) {
			exprs = append(exprs, d.Expression)
		}
	}
	return exprs
}

// newChild returns the scope of the module that c calls.
func (s *scope) newChild(m *module, c *moduleCall, names bound) *scope {
	s.instances++
	child := newScope(s.evaluation, m)
	child.parent, child.call, child.bound, child.zeroInstances = s, c, names, s.zeroInstances
	return child
}

// callee returns the scope of a called module for references to its outputs:
// that of any instance. Nil if it is not a module of this repository.
func (s *scope) callee(name string) *scope {
	if child, ok := s.callees[name]; ok {
		return child
	}
	s.callees[name] = nil
	c := s.module.calls[name]
	if c == nil || c.arguments["source"].Expression == nil {
		return nil
	}
	text, known := asString(s.evaluate(c.arguments["source"].Expression, nil))
	dir := path.Join(s.module.dir, text)
	if !known || !isLocalSource(text) || isOutsideRepo(dir) || s.instances > maxInstances {
		return nil
	}
	m, err := s.Loader.loadModule(dir)
	if err != nil || s.findCallCycle(m.dir) != "" {
		return nil
	}
	s.callees[name] = s.newChild(m, c, nil)
	return s.callees[name]
}

// findCallCycle returns the way from dir down to the module of s and back, if dir
// is one of the modules that s is called by.
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

// checkRemoteCall warns of a module that may change without a commit here.
func (e *evaluation) checkRemoteCall(c *moduleCall, source definition, text string) {
	exact := false
	if v, ok := c.arguments["version"]; ok {
		version, known := constantString(v.Expression)
		exact = known && exactVersion.MatchString(version)
	}
	e.checker.checkRemoteModule(c, source, text, exact)
	if isRegistry(text) {
		if exact {
			return
		}
		e.addWarning(source.file, source.Expression, "module %q comes from a registry without an exact version: a new one is not seen", c.name)
		return
	}
	if !pinnedRef.MatchString(text) {
		e.addWarning(source.file, source.Expression, "module %q comes from elsewhere without an exact ref: changes there are not seen", c.name)
	}
}

// isRegistry tells whether source is a module registry's address. Shorthands
// of hosts that serve Git look alike.
func isRegistry(source string) bool {
	host, _, _ := strings.Cut(source, "/")
	return registryAddress.MatchString(source) && host != "github.com" && host != "bitbucket.org"
}
