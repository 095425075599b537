package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Load loads one workspace with its settings. It never fails as a whole: errors are in
// Workspace.Err, and the other fields hold what could be determined.
func (l *Loader) Load(dir settings.Dir, cfg settings.Config) (w *Workspace) {
	w = &Workspace{Name: dir.Name, Path: dir.Path, Inputs: []string{dir.Path}, Config: cfg}
	// Anyone who can commit controls the input of the parser and the evaluator. One
	// workspace that crashes them must not stop the others.
	defer func() {
		if r := recover(); r != nil {
			w.Err = fmt.Errorf("%s: internal error while reading the configuration: %v", dir.Path, r)
		}
	}()
	if !gitpath.IsPlain(dir.Path) {
		w.Err = fmt.Errorf("workspace %s: the name of its directory is not printable UTF-8: rename the directory, because Terraform would write another name", dir.Name)
		return w
	}
	e := newEvaluation(l.modules, l.files, dir, cfg)
	l.addUpwardVariables(e, cfg)
	l.evaluate(e, w)
	// Syntax trees are large, and few workspaces are also modules of others.
	l.modules.Forget(dir.Path)
	return w
}

// addUpwardVariables widens the inputs where a variable of our environment leads upwards: file
// patterns take what is not known to stay below their directory.
func (l *Loader) addUpwardVariables(e *evaluation, cfg settings.Config) {
	if l.LookupEnv == nil {
		return
	}
	for _, name := range cfg.Env {
		if value, _ := l.LookupEnv(name); value == ".." || strings.Contains(value, "../") || strings.Contains(value, `..\`) {
			problem := &hcleval.Problem{File: e.root.Path, Text: name + " leads upwards (..)"}
			e.inputs.addGuess(".", unknownExpression{problem, "every change in the repository counts"})
		}
	}
}

func (l *Loader) evaluate(e *evaluation, w *Workspace) {
	own := e.inputs.addOwn(w.Path)
	e.addSettingsProblems(own)
	for _, f := range w.Config.VarFiles {
		e.addSettingsProblems(e.inputs.add(f, allFiles))
	}
	if f := w.Config.BackendConfig; f != "" {
		e.addSettingsProblems(e.inputs.add(f, allFiles))
	}
	m, err := e.evaluator.Load(w.Path)
	if err == nil {
		err = l.requireConfig(m.Dir)
	}
	if err != nil {
		w.Err = fmt.Errorf("workspace %s: %w", w.Name, l.explainMissing(w.Path, own, err))
		return
	}
	e.checkReservedNames(m.Dir)
	if e.checker != nil {
		e.checker.CheckLinkedDir(w.Path, m.Dir)
	}
	s := module.NewScope(e.evaluator, m)
	s.VariableValues = e.readVariableValues(m, w.Config)
	e.walk(s)
	e.resolveBackend(w, s)
	e.rejectCLIWorkspaces(w)
	if lock := path.Join(w.Path, ".terraform.lock.hcl"); repotree.IsFile(e.tree, lock) {
		w.LockFile = lock
	}
	w.Variables = slices.Sorted(maps.Keys(m.Variables))
	w.Reads, w.Globs = slices.Sorted(maps.Keys(e.reads)), slices.Sorted(maps.Keys(e.globs))
	slices.Sort(e.versions)
	w.RequiredVersion = slices.Compact(e.versions)
	slices.Sort(e.init)
	w.InitKey = slices.Compact(e.init)
	w.Modules = slices.Sorted(maps.Keys(e.modulesCalled))
	w.HasBackend = m.Backend != nil
	w.NeedsProviders = e.needsProviders
	w.settings = e.settings
	found := e.inputs.find(w.Path)
	w.Inputs, w.Patterns, w.scopes = found.paths, found.patterns, found.scopes
	w.Filesets = slices.Compact(slices.Sorted(slices.Values(found.globs)))
	for _, p := range hcleval.SortProblems(slices.Concat(e.warnings, e.evaluator.Warnings, found.warnings)) {
		w.Warnings = append(w.Warnings, p.Error())
	}
	for _, p := range hcleval.SortProblems(e.inputs.unfollowed) {
		w.Unfollowed = append(w.Unfollowed, p.Error())
	}
	e.problems = append(e.problems, found.problems...)
	if w.Err = hcleval.JoinProblems(e.problems); w.Config.Err != nil {
		w.Err = w.Config.Err // later problems may only follow from this one
	}
}

// explainMissing returns why the configuration at dir cannot be read: if it, or what leads to it,
// is not checked out, that says more than err.
func (l *Loader) explainMissing(dir string, special []error, err error) error {
	if _, absent := l.tree.Lstat(dir); absent != nil && !errors.Is(absent, fs.ErrNotExist) {
		return absent
	}
	return cmp.Or(errors.Join(special...), err)
}

// requireConfig returns an error if a directory has no configuration for the product.
func (l *Loader) requireConfig(dir string) error {
	entries, err := l.tree.ReadDir(dir)
	if err != nil || len(l.product.ConfigFiles(entries)) > 0 {
		return err
	}
	if files := repotree.OpenTofu.ConfigFiles(entries); len(files) > 0 {
		return fmt.Errorf("%s has only OpenTofu configuration (%s), which Terraform does not read: rename the files to .tf, or run OpenTofu (--terraform tofu)", dir, files[0].Name())
	}
	return fmt.Errorf("%s has no Terraform configuration", dir)
}

// GeneratedPrefix begins the names of the files that reconcile generates in a workspace's
// directory.
const GeneratedPrefix = "zzz_reconcile"

// checkReservedNames adds an error for files with the prefix of generated files.
func (e *evaluation) checkReservedNames(dir string) {
	entries, _ := e.tree.ReadDir(dir) // this error is already reported
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), GeneratedPrefix) {
			e.problems = append(e.problems, &hcleval.Problem{File: path.Join(dir, entry.Name()), Text: "the prefix " + GeneratedPrefix + " is reserved for generated files: rename this file"})
		}
	}
}

// addSettingsProblems adds the errors of objects that the settings name.
func (e *evaluation) addSettingsProblems(errs []error) {
	for _, err := range errs {
		e.problems = append(e.problems, &hcleval.Problem{File: e.root.Path, Text: err.Error()})
	}
}

// autoVarFiles returns the variable files that Terraform loads automatically. Later files
// override earlier ones.
func (e *evaluation) autoVarFiles() []string {
	entries, err := e.tree.ReadDir(e.root.Path)
	if err != nil {
		return nil // Load reports it
	}
	var first, auto []string
	for _, entry := range entries {
		name := entry.Name()
		p := path.Join(e.root.Path, name)
		switch {
		case name == "terraform.tfvars", name == "terraform.tfvars.json":
			first = append(first, p)
		case strings.HasSuffix(name, ".auto.tfvars"), strings.HasSuffix(name, ".auto.tfvars.json"):
			auto = append(auto, p)
		}
	}
	slices.Sort(first)
	slices.Sort(auto)
	return append(first, auto...)
}

// readVariableValues returns the values that variable files give to the root module's
// variables. Values from our environment are unknown here.
func (e *evaluation) readVariableValues(m *module.Module, cfg settings.Config) map[string]cty.Value {
	variables, mentions := map[string]cty.Value{}, map[string]bool{}
	for _, f := range append(e.autoVarFiles(), cfg.VarFiles...) {
		values, problems := e.modules.ReadAttributes(f)
		e.problems = append(e.problems, problems...)
		for name, v := range values {
			variables[name] = v
			module.AddMentions(v, mentions)
		}
	}
	e.inputs.mentioned = append(e.inputs.mentioned, mentions)
	for _, name := range cfg.Env {
		variables[name[len("TF_VAR_"):]] = cty.DynamicVal
	}
	return variables
}
