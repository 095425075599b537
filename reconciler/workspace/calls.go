package workspace

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// call takes in the module that c calls, and what that depends on.
func (e *evaluation) call(s *scope, c *call) {
	source, ok := c.arguments["source"]
	if !ok {
		return // Terraform says so better
	}
	text, known := asString(s.value(source.Expression, nil))
	switch {
	case !known:
		e.refusal.refuse(source.file, source.Range(), "", "the source of module %q cannot be told before Terraform runs", c.name)
		// What such a module would depend on cannot be told, so all counts.
		e.inputs.guess(".", problemAt(source.file, source.Range(), "the source of module %q cannot be evaluated here: every change in the repository counts", c.name))
	case isLocal(text) && !outside(path.Join(s.module.dir, text)):
		e.localCall(s, c, source, path.Join(s.module.dir, text))
	case isLocal(text), path.IsAbs(text):
		e.problems = append(e.problems, problemAt(source.file, source.Range(), "module %q: source %s lies outside the repository", c.name, text))
	default:
		e.remoteCall(c, source, text)
	}
}

// isLocal tells whether a module's source is a path of the repository.
func isLocal(source string) bool {
	return source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// localCall takes in the module at dir, which c calls.
func (e *evaluation) localCall(s *scope, c *call, source definition, dir string) {
	complain := func(format string, args ...any) {
		e.problems = append(e.problems, problemAt(source.file, source.Range(), "module %q: "+format, append([]any{c.name}, args...)...))
	}
	if errs := e.inputs.add(dir); len(errs) > 0 {
		for _, err := range errs {
			complain("%s", err)
		}
		return
	}
	m, err := e.module(dir)
	if err != nil {
		complain("%s", err)
		return
	}
	e.refusal.linked(dir, m.dir)
	if circle := s.callers(m.dir); circle != "" {
		complain("the module calls itself: %s", circle)
		return
	}
	if e.instances > maxInstances {
		// So many that each is looked at once, whatever its arguments.
		if !e.general[m.dir] {
			e.general[m.dir] = true
			child := s.child(m, c, nil)
			child.general, child.idle = true, false
			e.visit(child)
		}
		return
	}
	if child := s.callee(c.name); child != nil && len(c.bindings) == 0 {
		e.visit(child)
		return
	}
	if s.none(c.bindings) {
		child := s.child(m, c, nil)
		child.idle = true
		e.visit(child)
		return
	}
	s.each(c.bindings, nil, c.expressions(), func(names bound) { e.visit(s.child(m, c, names)) })
}

// expressions are the arguments that are handed to the module.
func (c *call) expressions() []hclsyntax.Expression {
	var list []hclsyntax.Expression
	for name, d := range c.arguments {
		if !slices.Contains(metaArguments, name) {
			list = append(list, d.Expression)
		}
	}
	return list
}

// child returns the scope of the module that c calls.
func (s *scope) child(m *module, c *call, names bound) *scope {
	s.instances++
	child := newScope(s.evaluation, m)
	child.parent, child.call, child.bound, child.idle = s, c, names, s.idle
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
	text, known := asString(s.value(c.arguments["source"].Expression, nil))
	dir := path.Join(s.module.dir, text)
	if !known || !isLocal(text) || outside(dir) || s.instances > maxInstances {
		return nil
	}
	m, err := s.Loader.module(dir)
	if err != nil || s.callers(m.dir) != "" {
		return nil
	}
	s.callees[name] = s.child(m, c, nil)
	return s.callees[name]
}

// callers returns the way from dir down to the module of s and back, if dir
// is one of the modules that s is called by.
func (s *scope) callers(dir string) string {
	way := []string{dir}
	for at := s; at != nil; at = at.parent {
		way = append(way, at.module.dir)
		if at.module.dir == dir {
			slices.Reverse(way)
			return strings.Join(way, " -> ")
		}
	}
	return ""
}

var (
	exactVersion = regexp.MustCompile(`^\s*=?\s*v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?\s*$`)
	pinned       = regexp.MustCompile(`[?&](ref|rev|tag|checksum|archive_checksum|versionId|version|digest)=[^&]+`)
	registry     = regexp.MustCompile(`^([0-9A-Za-z.:-]+/)?[0-9A-Za-z_-]+/[0-9A-Za-z_-]+/[0-9a-z]+(//.*)?$`)
)

// remoteCall warns of a module that may change without a commit here.
func (e *evaluation) remoteCall(c *call, source definition, text string) {
	exact := false
	if v, ok := c.arguments["version"]; ok {
		version, known := constant(v.Expression)
		exact = known && exactVersion.MatchString(version)
	}
	e.refusal.remoteModule(c, source, text, exact)
	if isRegistry(text) {
		if exact {
			return
		}
		e.warn(source.file, source.Expression, "module %q comes from a registry without an exact version: a new one is not seen", c.name)
		return
	}
	if !pinned.MatchString(text) {
		e.warn(source.file, source.Expression, "module %q comes from elsewhere without an exact ref: changes there are not seen", c.name)
	}
}

// isRegistry tells whether source is a module registry's address. Shorthands
// of hosts that serve Git look alike.
func isRegistry(source string) bool {
	host, _, _ := strings.Cut(source, "/")
	return registry.MatchString(source) && host != "github.com" && host != "bitbucket.org"
}
