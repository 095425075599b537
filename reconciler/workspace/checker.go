package workspace

import (
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Checker receives what the configuration of a workspace names, before anyone has approved
// it. Values that are not certain are unknown.
type Checker interface {
	// CheckDir is called for each use of a module's directory.
	CheckDir(dir string)
	// CheckLinkedDir is called for each path of a directory; links lead it to real.
	CheckLinkedDir(dir, real string)
	// CheckUnknownModule is called for a module whose source is not known.
	CheckUnknownModule(c *module.Call, source module.Definition)
	// CheckRemoteModule is called for a module at address; exact says that its version is
	// exact.
	CheckRemoteModule(c *module.Call, source module.Definition, address string, exact bool)
	// CheckPath is called for each value v that the path of m may have, and reports whether
	// v may be read.
	CheckPath(s *module.Scope, m module.PathRef, v cty.Value, names module.Bound) bool
	// CheckRemoteState is called for each terraform_remote_state.
	CheckRemoteState(s *module.Scope, data *module.Resource)
	// CheckTemplate is called with the text of each template.
	CheckTemplate(p string, text []byte)
	// CheckLinkedTemplate is called for a link where any template of a directory may be
	// meant.
	CheckLinkedTemplate(m module.PathRef, p string)
	// CheckDeepTemplate is called for a template that is nested too deeply to be read.
	CheckDeepTemplate(m module.PathRef)
}

// Examine loads a workspace that nobody has approved, and passes what it names to c. It returns
// the mistakes that it finds itself. Unlike Load, it assumes both branches of every
// conditional, and lets a crash of the evaluation pass.
func Examine(tree repotree.Tree, product repotree.Product, dir settings.Dir, cfg settings.Config, c Checker) (*Workspace, []*hcleval.Problem) {
	l := NewLoader(tree, product)
	l.modules.HidesConditions = true
	w := &Workspace{Name: dir.Name, Path: dir.Path, Config: cfg}
	e := newEvaluation(l.modules, l.files, dir, cfg)
	e.evaluator, e.checker = module.NewStrictEvaluator(l.modules, dir.Path, cfg.CLIWorkspace), c
	l.evaluate(e, w)
	if e.evaluator.ExceedsChoices() {
		e.problems = append(e.problems, &hcleval.Problem{File: dir.Path, Text: "checking it exceeds the step limit of a preview"})
	}
	return w, e.problems
}
