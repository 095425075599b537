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
	// Approved is the workspace as it is at the tip; nil: it is new, and is
	// planned on an empty state, without its backend.
	Approved *Workspace
	// States are the identities of all local states, which lie in a checkout
	// beside what Git holds.
	States []string
}

// Refuse says, each with its place, what of a workspace's configuration keeps
// it from being planned before anybody has approved it; nothing when it may
// be. A plan runs the configuration's code: its providers, its data sources,
// and functions that read files. What cannot be told for certain is refused.
//
// This looks at configuration alone. What modules from registries hold is not
// seen; which are trusted is Trust's to say.
func Refuse(tree Tree, product Product, p Proposal, trust Trust) (said []string) {
	defer func() {
		if fault := recover(); fault != nil {
			said = []string{fmt.Sprintf("%s: a fault in looking through the configuration: %v", p.Path, fault)}
		}
	}()
	l := NewLoader(tree, product)
	l.doubtful = true
	w := &Workspace{Dir: p.Dir, Config: p.Config}
	e := &evaluation{
		Loader: l, root: p.Dir, config: p.Config, inputs: newInputs(l), base: doubtfulFunctions(),
		reads: map[string]bool{}, globs: map[string]bool{}, general: map[string]bool{}, settings: map[string]bool{},
	}
	r := &refusal{evaluation: e, proposal: p, trust: trust, sources: map[string]string{}}
	e.refusal = r
	e.load(w)
	r.backend(w)
	r.rootFiles()
	for _, d := range slices.Sorted(slices.Values(r.dirs)) {
		r.directory(d)
	}
	if r.looked > maxChoiceSteps {
		r.refuse(p.Path, hcl.Range{}, "", "it takes more steps to look through than a preview may take")
	}
	for _, p := range inOrder(append(r.found, e.problems...)) {
		said = append(said, p.Error())
	}
	return said
}

// refusal collects what is refused of one workspace. The evaluation tells it
// of the directories that it goes through, and of what it finds there that
// takes evaluating to judge.
type refusal struct {
	*evaluation
	proposal Proposal
	trust    Trust
	dirs     []string          // of the modules
	sources  map[string]string // of the directory's providers, by local name
	found    []*Problem
	looked   int // how many choices were looked at
	nested   int // how deep choices lie in others
}

// refuse notes something, unless nobody looks for it or it is allowed by its
// name.
func (r *refusal) refuse(file string, at hcl.Range, name, format string, args ...any) {
	if r == nil || slices.Contains(r.trust.Allowed, name) {
		return
	}
	r.found = append(r.found, problemAt(file, at, format, args...))
}

// visited is told of each module directory.
func (r *refusal) visited(dir string) {
	if r == nil || slices.Contains(r.dirs, dir) {
		return
	}
	r.dirs = append(r.dirs, dir)
	if inTerraform(dir) {
		r.refuse(dir, hcl.Range{}, "", "this directory is Terraform's own, and is not laid out")
	}
}

// linked refuses a directory of configuration that is reached through a link:
// paths that are built on where it lies lead elsewhere in Terraform.
func (r *refusal) linked(dir, real string) {
	if r != nil && dir != real {
		r.refuse(dir, hcl.Range{}, "", "configuration may not be reached through a symbolic link")
	}
}

// rootFiles refuses files of the workspace's directory that bring programs.
func (r *refusal) rootFiles() {
	entries, _ := r.tree.ReadDir(r.root.Path)
	for _, e := range entries {
		p := path.Join(r.root.Path, e.Name())
		if e.Name() == "terraform.d" {
			r.refuse(p, hcl.Range{}, "terraform.d", "terraform.d may hold providers, which a plan would run")
		}
	}
}
