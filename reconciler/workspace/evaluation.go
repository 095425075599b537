package workspace

import (
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// evaluation loads one workspace.
type evaluation struct {
	tree      repotree.Tree
	modules   *module.Loader
	root      settings.Dir
	config    settings.Config
	evaluator *module.Evaluator

	inputs           *inputs
	reads            map[stateid.ID]bool
	globs            map[string]bool // see Workspace.Globs
	warnings         []*hcleval.Problem
	problems         []*hcleval.Problem
	cliWorkspaceRefs []*hcleval.Problem // uses of terraform.workspace
	versions         []string           // required_version
	init             []string           // Workspace.InitKey
	needsProviders   bool               // Workspace.NeedsProviders
	settings         map[string]bool

	modulesWalked   map[string]bool // directories
	modulesCalled   map[string]bool // directories of modules
	walkedGenerally map[string]bool // modules that were walked with unknown arguments
	checker         Checker         // is told each finding; nil if the code is approved
	templateDepth   int             // nesting of templates
}

func newEvaluation(modules *module.Loader, files *FileLists, root settings.Dir, config settings.Config) *evaluation {
	return &evaluation{
		tree: files.tree, modules: modules, root: root, config: config, evaluator: module.NewEvaluator(modules, root.Path, config.CLIWorkspaceName()), inputs: newInputs(files.tree, files, modules, config),
		reads: map[stateid.ID]bool{}, globs: map[string]bool{}, modulesWalked: map[string]bool{}, modulesCalled: map[string]bool{}, walkedGenerally: map[string]bool{}, settings: map[string]bool{},
	}
}

// walk collects the inputs of the module of s and of the modules that it calls.
func (e *evaluation) walk(s *module.Scope) {
	if e.checker != nil {
		e.checker.CheckDir(s.Module.Dir)
	}
	e.problems = append(e.problems, s.Module.Problems...)
	e.versions = append(e.versions, s.Module.Versions...)
	e.init = append(e.init, s.Module.Dir)
	e.init = append(e.init, s.Module.InitInputs...)
	e.needsProviders = e.needsProviders || module.NeedsProviders(s.Module.InitInputs)
	for _, key := range s.Module.Settings {
		e.settings[key] = true
	}
	if !e.modulesWalked[s.Module.Dir] {
		e.modulesWalked[s.Module.Dir] = true
		e.inputs.mentioned = append(e.inputs.mentioned, s.Module.Mentions)
	}
	if s.Module.RunsPrograms && e.checker == nil { // what a program reads is not known
		e.inputs.add(s.Module.Dir, guessedFiles)
		e.inputs.add(e.root.Path, guessedFiles)
	}
	if !s.ZeroInstances { // otherwise Terraform evaluates nothing in it, but still reads and installs it
		e.cliWorkspaceRefs = append(e.cliWorkspaceRefs, s.Module.CLIWorkspaceRefs...)
		for _, m := range s.Module.PathRefs {
			e.addPathRef(s, m)
		}
		for _, r := range s.Module.RemoteStates {
			e.addRemoteState(s, r)
		}
	}
	for _, name := range s.Module.CallNames {
		e.walkCall(s, s.Module.Calls[name])
	}
}

// addPathRef adds the inputs that m names.
func (e *evaluation) addPathRef(s *module.Scope, m module.PathRef) { e.addPathRefIn(s, m, nil) }

// addPathRefIn does what addPathRef does, with some names already bound.
func (e *evaluation) addPathRefIn(s *module.Scope, m module.PathRef, names module.Bound) {
	if e.checker != nil {
		e.checkPathRef(s, m, names)
		return
	}
	if m.Kind == module.AnyText && !m.Escapes && !slices.ContainsFunc(m.Refs, s.MayEscape) {
		return
	}
	s.ForEach(m.Bindings, names, append([]hclsyntax.Expression{m.Path, m.SecondArg}, m.Dirs...), func(names module.Bound) {
		for _, v := range s.BranchValues(m.Path, names) {
			switch m.Kind {
			case module.FilesetArgument:
				e.addFileset(s, m, v, names)
			case module.TemplateArgument:
				e.addFuncArg(s, m, v, names)
				e.addTemplate(s, m, v, names)
			case module.FileArgument:
				e.addFuncArg(s, m, v, names)
			case module.PathAttribute:
				e.addPathAttr(s, m, v, names)
			case module.AnyText:
				e.addText(s, m, v, names)
			}
		}
	})
}

// checkPathRef passes each value that the path of m may have to the checker.
func (e *evaluation) checkPathRef(s *module.Scope, m module.PathRef, names module.Bound) {
	if m.Kind == module.AnyText || e.evaluator.ExceedsChoices() {
		return
	}
	s.ForEach(m.Bindings, names, []hclsyntax.Expression{m.Path, m.SecondArg}, func(names module.Bound) {
		for _, v := range s.Choices(m.Path, names) {
			if e.checker.CheckPath(s, m, v, names) && m.Kind == module.TemplateArgument {
				e.addTemplate(s, m, v, names)
			}
		}
	})
}
