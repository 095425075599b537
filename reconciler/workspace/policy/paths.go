package policy

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/gitpath"
	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
)

// checkFunctions refuses functions by name, and functions of providers that may not run.
func (r *checker) checkFunctions(file string, x hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if name, ok := strings.CutPrefix(call.Name, "provider::"); ok {
			name, _, _ = strings.Cut(name, "::")
			r.checkProvider(file, call.NameRange, name)
			return nil
		}
		name := strings.TrimPrefix(call.Name, "core::")
		if r.policy.RefusesName(name) {
			r.addViolation(file, call.NameRange, name, "%s() is not allowed", name)
		}
		return nil
	})
}

// CheckTemplate refuses functions in a template's text.
func (r *checker) CheckTemplate(file string, text []byte) {
	x, err := hcleval.ParseTemplate(file, text)
	if problem, ok := errors.AsType[*hcleval.Problem](err); ok {
		r.violations = append(r.violations, problem)
	}
	if err == nil {
		r.checkFunctions(file, x)
	}
}

// addPathViolation adds a read outside the tree, or a possible one.
func (r *checker) addPathViolation(m module.PathRef, format string, args ...any) {
	name := strings.TrimSuffix(m.Label, "()")
	r.addViolation(m.File, m.Path.Range(), name, "%s %s", m.Label, fmt.Sprintf(format, args...))
}

// CheckPath checks one of the paths that m may name, and reports whether it may be read.
func (r *checker) CheckPath(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) bool {
	switch m.Kind {
	case module.FilesetArgument:
		r.checkFileset(s, m, v, names)
	case module.TemplateArgument, module.FileArgument:
		return r.checkRead(m, v)
	case module.PathAttribute:
		r.checkPathAttr(m, v)
	}
	return false
}

const (
	readsOutside = "reads outside the repository"
	readsUnknown = "reads a path that is not known before Terraform runs"
	readsOthers  = "reads a file that is not part of the repository"
)

// checkRead checks the argument of a function, and reports whether it may be read.
func (r *checker) checkRead(m module.PathRef, v cty.Value) bool {
	text, known := hcleval.AsString(v)
	if v.HasMark(module.GlobMark) {
		unmarked, _ := v.Unmark()
		text, known = unmarked.Range().StringPrefix(), true
	}
	switch {
	case hcleval.IsNull(v): // an error, or a place where nothing is read
		return false
	case !known:
		r.addPathViolation(m, readsUnknown)
		return false
	}
	p, ok := r.paths.RepoPath(text)
	if !ok {
		r.addPathViolation(m, readsOutside)
		return false
	}
	return r.checkObject(m, p)
}

func (r *checker) checkObject(m module.PathRef, p string) bool {
	o, err := repotree.ResolveLinks(r.tree, p)
	switch {
	case err != nil:
		r.addPathViolation(m, "cannot read: %s", err)
	case repotree.IsToolFile(p), repotree.IsToolFile(o.Path), isInTerraformDir(p), isInTerraformDir(o.Path), !o.Exists && r.mayExistOutsideGit(o.Path):
		r.addPathViolation(m, readsOthers)
	default:
		return true
	}
	return false
}

// mayExistOutsideGit reports whether a path may exist although it is not in Git: a file
// that reconcile generates, that Terraform leaves behind, or that holds a state.
func (r *checker) mayExistOutsideGit(p string) bool {
	name := path.Base(p)
	return slices.Contains(r.proposal.LocalStates, stateid.ID(workspace.LocalIdentityPrefix+p)) || strings.HasPrefix(name, workspace.GeneratedPrefix) ||
		strings.Contains(name, ".tfstate") || name == ".terraform.lock.hcl"
}

// checkFileset checks a list of files: it must not match files on the disk that are not in
// Git.
func (r *checker) checkFileset(s *module.Scope, m module.PathRef, dir cty.Value, names module.Bound) {
	start, known := hcleval.AsString(dir)
	pattern, isKnownPattern := hcleval.AsString(s.Evaluate(m.SecondArg, names))
	switch {
	case !known:
		r.addPathViolation(m, readsUnknown)
		return
	case !isKnownPattern:
		r.addPathViolation(m, "uses a pattern that is not known before Terraform runs")
		return
	case !module.IsPlainPattern(pattern):
		r.addPathViolation(m, "uses a pattern that may match files outside its directory")
		return
	}
	base, ok := r.paths.RepoPath(path.Join(start, module.PatternBase(pattern)))
	if from, in := r.paths.RepoPath(start); !ok || !in {
		r.addPathViolation(m, readsOutside)
	} else if r.checkObject(m, base) && r.mayListUntracked(path.Join(from, pattern)) {
		r.addPathViolation(m, readsOthers)
	}
}

// mayListUntracked reports whether a pattern may match what is not in Git. Terraform follows links to
// directories, in the fixed beginning of a pattern and where it has wildcards.
func (r *checker) mayListUntracked(pattern string) bool {
	samples := r.untrackedSamples()
	base, rest := doublestar.SplitPattern(pattern)
	o, err := repotree.ResolveLinks(r.tree, base)
	if err != nil {
		return true
	}
	if slices.ContainsFunc(samples, func(p string) bool { return mayMatchGlob(path.Join(o.Path, rest), p) }) {
		return true
	}
	if !strings.Contains(rest, "/") && !strings.Contains(rest, "**") {
		return false
	}
	return slices.ContainsFunc(repotree.LinkedDirs(r.tree, o.Path), func(dir string) bool {
		return slices.ContainsFunc(samples, func(p string) bool { return gitpath.IsWithin(p, dir) })
	})
}

func mayMatchGlob(pattern, p string) bool {
	matched, err := doublestar.Match(pattern, p)
	return matched || err != nil
}

// untrackedSamples returns paths that may exist on the disk but are not in Git.
func (r *checker) untrackedSamples() []string {
	paths := []string{}
	for _, state := range r.proposal.LocalStates {
		if p, ok := strings.CutPrefix(string(state), workspace.LocalIdentityPrefix); ok {
			paths = append(paths, p)
		}
	}
	names := []string{
		"terraform.tfstate", ".terraform.tfstate.lock.info", workspace.GeneratedPrefix + "_override.tf",
		".terraform/terraform.tfstate", ".terraform/modules/modules.json", ".terraform/providers/h/n/t/v/p/terraform-provider-t",
	}
	if len(r.proposal.Config.Env) > 0 {
		names = append(names, workspace.GeneratedPrefix+".auto.tfvars.json")
	}
	for _, name := range names {
		paths = append(paths, path.Join(r.proposal.Dir.Path, name))
	}
	return paths
}

// checkPathAttr checks an attribute that contains a path. A data source reads the path in
// the plan; a resource reads it in the apply.
func (r *checker) checkPathAttr(m module.PathRef, v cty.Value) {
	unmarked, _ := v.Unmark()
	if unmarked.IsKnown() && (unmarked.IsNull() || unmarked.Type() != cty.String) {
		return // not set, or another kind of attribute
	}
	text, known := hcleval.AsString(v)
	switch {
	case !known && m.InData && !v.HasMark(module.GlobMark):
		r.addPathViolation(m, readsUnknown)
	case !known || !module.IsPath(text):
	default:
		p, ok := r.paths.RepoPath(text)
		// A provider follows the path step by step, with its links.
		if _, err := repotree.ResolveLinks(r.tree, r.proposal.Dir.Path+"/"+text); !ok || err != nil {
			r.addPathViolation(m, "is outside the repository")
		} else {
			r.checkObject(m, p)
		}
	}
}

// CheckUnknownModule refuses a module whose source is not known.
func (r *checker) CheckUnknownModule(c *module.Call, source module.Definition) {
	r.addViolation(source.File, source.Range(), "", "the source of module %q is not known before Terraform runs", c.Name)
}

// CheckRemoteModule refuses remote modules, except exact versions of allowed ones.
func (r *checker) CheckRemoteModule(c *module.Call, source module.Definition, text string, exact bool) {
	switch {
	case !module.IsRegistry(text) || !r.policy.AllowsModule(text):
		r.addViolation(source.File, source.Range(), "", "module %q: source %s is not allowed", c.Name, text)
	case !exact:
		r.addViolation(source.File, source.Range(), "", "module %q has no exact version", c.Name)
	}
}

// CheckLinkedTemplate refuses a link where any template of a directory may be meant,
// because the link's target is not checked.
func (r *checker) CheckLinkedTemplate(m module.PathRef, p string) {
	r.addPathViolation(m, "may read %s, which is a symbolic link", p)
}

// CheckDeepTemplate refuses a template that is not read, because templates nest too deeply.
func (r *checker) CheckDeepTemplate(m module.PathRef) {
	r.addPathViolation(m, "is nested too deeply in templates to be checked")
}
