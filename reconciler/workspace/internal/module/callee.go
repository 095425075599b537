package module

import (
	"path"
	"slices"
	"strings"

	"reconcile/internal/lazyregexp"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// LocalSource returns a module's source as a path with slashes, and reports whether it is
// relative, and so in the repository. Terraform takes backslashes on every system.
func LocalSource(source string) (p string, ok bool) {
	if strings.HasPrefix(source, `.\`) || strings.HasPrefix(source, `..\`) {
		source = strings.ReplaceAll(source, `\`, "/")
	}
	return source, source == "." || source == ".." || strings.HasPrefix(source, "./") || strings.HasPrefix(source, "../")
}

// NewChild returns the scope of an instance of the module m, which c calls. names are bound
// in the call's arguments.
func (s *Scope) NewChild(m *Module, c *Call, names Bound) *Scope {
	s.evaluator.instances++
	child := NewScope(s.evaluator, m)
	child.parent, child.call, child.bound, child.ZeroInstances = s, c, names, s.ZeroInstances
	return child
}

// Callee returns the scope of a called module for references to its outputs, for any one of
// its instances. It returns nil if the module is not in this repository.
func (s *Scope) Callee(name string) *Scope {
	if child, ok := s.callees[name]; ok {
		return child
	}
	s.callees[name] = nil
	c := s.Module.Calls[name]
	if c == nil || c.Arguments["source"].Expression == nil {
		return nil
	}
	text, known := hcleval.AsString(s.Evaluate(c.Arguments["source"].Expression, nil))
	source, isLocal := LocalSource(text)
	dir := path.Join(s.Module.Dir, source)
	if !known || !isLocal || repotree.IsOutside(dir) || s.evaluator.ExceedsInstances() {
		return nil
	}
	m, err := s.evaluator.Load(dir)
	if err != nil || s.FindCallCycle(m.Dir) != "" {
		return nil
	}
	s.callees[name] = s.NewChild(m, c, nil)
	return s.callees[name]
}

// FindCallCycle returns the calls from dir down to the module of s and back, if dir is
// among the callers of s.
func (s *Scope) FindCallCycle(dir string) string {
	cycle := []string{dir}
	for caller := s; caller != nil; caller = caller.parent {
		cycle = append(cycle, caller.Module.Dir)
		if caller.Module.Dir == dir {
			slices.Reverse(cycle)
			return strings.Join(cycle, " -> ")
		}
	}
	return ""
}

var registryAddress = lazyregexp.New(`^([0-9A-Za-z.:-]+/)?[0-9A-Za-z_-]+/[0-9A-Za-z_-]+/[0-9a-z]+(//.*)?$`)

// IsRegistry reports whether source is an address in a module registry. Shorthands of Git
// hosts have the same form.
func IsRegistry(source string) bool {
	host, _, _ := strings.Cut(source, "/")
	return registryAddress().MatchString(source) && host != "github.com" && host != "bitbucket.org"
}
