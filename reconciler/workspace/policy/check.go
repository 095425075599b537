// Package policy checks configuration that nobody has approved, before it is planned: what
// it names must be in the repository, and what a plan would run must be allowed. What is not
// certain is refused. It plans nothing, and knows no pull requests.
package policy

import (
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/module"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// Proposal is a workspace as a pull request proposes it.
type Proposal struct {
	Dir    settings.Dir
	Config settings.Config
	// TipWorkspace is the workspace at the tip. It is nil for a new workspace, which is
	// planned on an empty state, without its backend.
	TipWorkspace *workspace.Workspace
	// LocalStates are the identities of all local states. These files are in a checkout
	// next to the files of Git.
	LocalStates []stateid.ID
}

// Check returns everything in a workspace's configuration that must not be planned
// before a review, each with its position. An empty result means that a plan is allowed. A
// plan runs the configuration's code: its providers, its data sources, and functions that
// read files. What cannot be determined for certain is refused.
//
// Check examines configuration only. It does not see the content of modules from
// registries; the policy says which of them are allowed.
func Check(tree repotree.Tree, product repotree.Product, p Proposal, policy settings.Policy) (violations []string) {
	defer func() {
		if fault := recover(); fault != nil {
			violations = []string{fmt.Sprintf("%s: internal error while checking the configuration: %v", p.Dir.Path, fault)}
		}
	}()
	modules := module.NewLoader(tree, product)
	r := &checker{
		tree: tree, modules: modules, paths: module.NewStrictEvaluator(modules, p.Dir.Path, p.Config.CLIWorkspace),
		proposal: p, policy: policy, providerSources: map[string]string{},
	}
	w, problems := workspace.Examine(tree, product, p.Dir, p.Config, r)
	r.checkBackend(w)
	r.checkRootFiles()
	for _, d := range slices.Sorted(slices.Values(r.dirs)) {
		r.checkDir(d)
	}
	for _, p := range hcleval.SortProblems(append(r.violations, problems...)) {
		violations = append(violations, p.Error())
	}
	return violations
}

// checker collects the policy violations of one workspace. It implements
// workspace.Checker.
type checker struct {
	tree            repotree.Tree
	modules         *module.Loader
	paths           *module.Evaluator // knows the repository path of a text
	proposal        Proposal
	policy          settings.Policy
	dirs            []string          // of the modules
	providerSources map[string]string // of the directory's providers, by local name
	violations      []*hcleval.Problem
}

// addViolation adds a violation, unless the policy allows the name.
func (r *checker) addViolation(file string, rng hcl.Range, name, format string, args ...any) {
	if slices.Contains(r.policy.AllowedNames, name) {
		return
	}
	r.violations = append(r.violations, hcleval.ProblemAt(file, rng, format, args...))
}

// CheckDir records a module directory.
func (r *checker) CheckDir(dir string) {
	if slices.Contains(r.dirs, dir) {
		return
	}
	r.dirs = append(r.dirs, dir)
	if isInTerraformDir(dir) {
		r.addViolation(dir, hcl.Range{}, "", "this directory belongs to Terraform, and is not checked out")
	}
}

// CheckLinkedDir refuses a configuration directory behind a link: its relative paths lead
// elsewhere in Terraform.
func (r *checker) CheckLinkedDir(dir, real string) {
	if dir != real {
		r.addViolation(dir, hcl.Range{}, "", "configuration behind a symbolic link is not allowed")
	}
}

// checkRootFiles refuses files in the workspace's directory that contain programs.
func (r *checker) checkRootFiles() {
	entries, _ := r.tree.ReadDir(r.proposal.Dir.Path)
	for _, e := range entries {
		p := path.Join(r.proposal.Dir.Path, e.Name())
		if e.Name() == "terraform.d" {
			r.addViolation(p, hcl.Range{}, "terraform.d", "terraform.d is not allowed: it may contain providers, which a plan would run")
		}
	}
}
