package workspace

import (
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"
)

// Proposal is a workspace as a pull request would have it.
type Proposal struct {
	Dir
	Config Config
	// TipWorkspace is the workspace as it is at the tip; nil: it is new, and is
	// planned on an empty state, without its backend.
	TipWorkspace *Workspace
	// LocalStates are the identities of all local states, which lie in a checkout
	// beside what Git holds.
	LocalStates []string
}

// CheckPolicy says, each with its place, what of a workspace's configuration keeps
// it from being planned before anybody has approved it; nothing when it may
// be. A plan runs the configuration's code: its providers, its data sources,
// and functions that read files. What cannot be told for certain is refused.
//
// This looks at configuration alone. What modules from registries hold is not
// seen; which are trusted is Trust's to say.
func CheckPolicy(tree Tree, product Product, p Proposal, policy Policy) (violations []string) {
	defer func() {
		if fault := recover(); fault != nil {
			violations = []string{fmt.Sprintf("%s: a fault in looking through the configuration: %v", p.Path, fault)}
		}
	}()
	l := NewLoader(tree, product)
	l.hidesConditions = true
	w := &Workspace{Dir: p.Dir, Config: p.Config}
	e := &evaluation{
		Loader: l, root: p.Dir, config: p.Config, inputs: newInputs(l), base: restrictedFunctions(),
		reads: map[string]bool{}, globs: map[string]bool{}, walkedGenerally: map[string]bool{}, settings: map[string]bool{},
	}
	r := &policyChecker{evaluation: e, proposal: p, policy: policy, providerSources: map[string]string{}}
	e.checker = r
	e.load(w)
	r.checkBackend(w)
	r.checkRootFiles()
	for _, d := range slices.Sorted(slices.Values(r.dirs)) {
		r.checkDir(d)
	}
	if r.choiceSteps > maxChoiceSteps {
		r.addViolation(p.Path, hcl.Range{}, "", "it takes more steps to look through than a preview may take")
	}
	for _, p := range sortProblems(append(r.violations, e.problems...)) {
		violations = append(violations, p.Error())
	}
	return violations
}

// policyChecker collects what is refused of one workspace. The evaluation tells it
// of the directories that it goes through, and of what it finds there that
// takes evaluating to judge.
type policyChecker struct {
	*evaluation
	proposal        Proposal
	policy          Policy
	dirs            []string          // of the modules
	providerSources map[string]string // of the directory's providers, by local name
	violations      []*Problem
	choiceSteps     int // how many choices were looked at
	choiceDepth     int // how deep choices lie in others
}

// addViolation notes something, unless nobody looks for it or it is allowed by its
// name.
func (r *policyChecker) addViolation(file string, rng hcl.Range, name, format string, args ...any) {
	if r == nil || slices.Contains(r.policy.AllowedNames, name) {
		return
	}
	r.violations = append(r.violations, problemAt(file, rng, format, args...))
}

// addDir is told of each module directory.
func (r *policyChecker) addDir(dir string) {
	if r == nil || slices.Contains(r.dirs, dir) {
		return
	}
	r.dirs = append(r.dirs, dir)
	if isInTerraformDir(dir) {
		r.addViolation(dir, hcl.Range{}, "", "this directory is Terraform's own, and is not laid out")
	}
}

// checkLinkedDir refuses a directory of configuration that is reached through a link:
// paths that are built on where it lies lead elsewhere in Terraform.
func (r *policyChecker) checkLinkedDir(dir, real string) {
	if r != nil && dir != real {
		r.addViolation(dir, hcl.Range{}, "", "configuration may not be reached through a symbolic link")
	}
}

// checkRootFiles refuses files of the workspace's directory that bring programs.
func (r *policyChecker) checkRootFiles() {
	entries, _ := r.tree.ReadDir(r.root.Path)
	for _, e := range entries {
		p := path.Join(r.root.Path, e.Name())
		if e.Name() == "terraform.d" {
			r.addViolation(p, hcl.Range{}, "terraform.d", "terraform.d may hold providers, which a plan would run")
		}
	}
}
