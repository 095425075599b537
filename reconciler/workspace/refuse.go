package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Refuse says, each with its place, what of a workspace's configuration keeps
// it from being planned before anybody has approved it; nothing when it may
// be. A plan runs the configuration's code: its providers, its data sources,
// and functions that read files. approved is the workspace as it is at the
// tip, or nil: what it uses that cannot differ in effect is not asked about
// again (the kind of its backend).
//
// This looks at configuration alone. What modules from registries hold is not
// seen; which are trusted is Trust's to say.
func (l *Loader) Refuse(dir Dir, cfg Config, trust Trust, approved *Workspace) []string {
	w := &Workspace{Dir: dir, Config: cfg}
	e := &evaluation{
		Loader: l, root: dir, config: cfg, inputs: newInputs(l),
		reads: map[string]bool{}, globs: map[string]bool{}, general: map[string]bool{},
	}
	r := &refusal{evaluation: e, trust: trust, sources: map[string]string{}}
	e.refusal = r
	e.base = cautious(e.treeFunctions())
	e.load(w)
	r.backend(w, approved)
	for _, d := range slices.Sorted(slices.Values(r.dirs)) {
		r.directory(d)
	}
	var said []string
	for _, p := range inOrder(r.found) {
		said = append(said, p.Error())
	}
	return said
}

// refusal collects what is refused of one workspace. The evaluation tells it
// of the directories that it goes through, and of what it finds there that
// takes evaluating to judge.
type refusal struct {
	*evaluation
	trust   Trust
	dirs    []string          // of the modules
	sources map[string]string // of the directory's providers, by local name
	found   []*Problem
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
	if r != nil && !slices.Contains(r.dirs, dir) {
		r.dirs = append(r.dirs, dir)
	}
}

// backend refuses a state of a kind that the workspace does not have at the
// tip: reading it may send requests to wherever the author likes.
func (r *refusal) backend(w, approved *Workspace) {
	kind := w.Backend.Type
	if kind != "" && kind != "s3" && kind != local && (approved == nil || approved.Identity != w.Identity) {
		r.refuse(w.Path, hcl.Range{}, "backend", "the backend %q is not the one that %s has at the tip", kind, w.Name)
	}
	if _, err := r.tree.Lstat(path.Join(w.Path, "terraform.d")); err == nil {
		r.refuse(path.Join(w.Path, "terraform.d"), hcl.Range{}, "terraform.d", "terraform.d may hold providers, which a plan would run")
	}
	if w.Config.BackendConfig == "" {
		return
	}
	values, _ := r.varFile(w.Config.BackendConfig)
	for _, name := range sortedKeys(values) {
		if r.trust.refuses(name) {
			r.refuse(w.Config.BackendConfig, hcl.Range{}, name, "%s is not allowed", name)
		}
	}
}

// directory looks through the blocks of one module.
func (r *refusal) directory(dir string) {
	files, _, err := r.parseDir(dir)
	if err != nil {
		return // said when it was loaded
	}
	r.sources = map[string]string{}
	for _, f := range files {
		for _, b := range f.body.Blocks {
			if b.Type == "terraform" {
				r.required(path.Join(dir, f.name), b)
			}
		}
	}
	for _, f := range files {
		for _, b := range f.body.Blocks {
			r.block(path.Join(dir, f.name), b, b)
		}
	}
}

// What a terraform block may hold: OpenTofu's encryption, for one, may name a
// program to run. In JSON such a block is an attribute.
var (
	terraformBlocks     = []string{"backend", "required_providers", "provider_meta"}
	terraformAttributes = []string{"required_version", "experiments"}
)

// required notes where the providers of a module come from.
func (r *refusal) required(file string, b *hclsyntax.Block) {
	for name, a := range b.Body.Attributes {
		if !slices.Contains(terraformAttributes, name) {
			r.refuse(file, a.NameRange, name, "%s is not allowed in terraform", name)
		}
	}
	for _, inner := range b.Body.Blocks {
		if !slices.Contains(terraformBlocks, inner.Type) {
			r.refuse(file, inner.TypeRange, inner.Type, "%s is not allowed in terraform", inner.Type)
		}
		if inner.Type != "required_providers" {
			continue
		}
		for name, a := range inner.Body.Attributes {
			source := defaultSource(name)
			if object, ok := a.Expr.(*hclsyntax.ObjectConsExpr); ok {
				for _, item := range object.Items {
					if keyName(item.KeyExpr) == "source" {
						source, _ = constant(item.ValueExpr)
					}
				}
			}
			r.sources[name] = source
			r.provider(file, a.NameRange, name)
		}
	}
}

// defaultSource is where a provider comes from that a module does not speak
// of.
func defaultSource(name string) string {
	if name == "terraform" {
		return builtinProvider
	}
	return "hashicorp/" + name
}

// provider refuses a provider, by its name in the module.
func (r *refusal) provider(file string, at hcl.Range, name string) {
	source, ok := r.sources[name]
	if !ok {
		source = defaultSource(name)
	}
	if !r.trust.trustsProvider(source) {
		r.refuse(file, at, "", "provider %s is not among those that may run: %s", source, strings.Join(r.trust.Providers, ", "))
	}
}

// block looks through a block and those in it; top is the one that they all
// lie in.
func (r *refusal) block(file string, top, b *hclsyntax.Block) {
	switch {
	case len(b.Labels) == 0:
	case slices.Contains(providerBlocks, b.Type):
		r.resource(file, b)
	case b.Type == "provider":
		r.provider(file, b.TypeRange, b.Labels[0])
	}
	// Elsewhere the names are the author's, or a resource's.
	settles := top.Type == "provider" || top.Type == "terraform"
	kind := b.Type
	if kind == "dynamic" && len(b.Labels) > 0 {
		kind = b.Labels[0]
	}
	if settles && b != top && r.trust.refuses(kind) {
		r.refuse(file, b.TypeRange, kind, "%s is not allowed in %s", kind, title(top))
	}
	for name, a := range b.Body.Attributes {
		if settles && r.trust.refuses(name) {
			r.refuse(file, a.NameRange, name, "%s is not allowed in %s", name, title(top))
		}
		if top.Type == "check" && name == "data" { // only in JSON is this no block
			r.refuse(file, a.NameRange, "check", "data in a check, in JSON, is not looked through")
		}
		r.functions(file, a.Expr)
	}
	for _, inner := range b.Body.Blocks {
		r.block(file, top, inner)
	}
}

// providerBlocks are the blocks whose first label tells the provider.
var providerBlocks = []string{"resource", "data", "ephemeral", "action", "list"}

func title(b *hclsyntax.Block) string {
	return strings.Join(append([]string{b.Type}, b.Labels...), " ")
}

func (r *refusal) resource(file string, b *hclsyntax.Block) {
	kind := b.Labels[0]
	if b.Type != "resource" && r.trust.refuses(kind) {
		r.refuse(file, b.TypeRange, kind, "%s %s is not allowed", b.Type, kind)
	}
	name, _, _ := strings.Cut(kind, "_")
	if a := b.Body.Attributes["provider"]; a != nil {
		if t, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok {
			name = t.Traversal.RootName()
		} else { // in JSON, or as it was written long ago
			text, _ := constant(a.Expr)
			name, _, _ = strings.Cut(text, ".")
		}
	}
	r.provider(file, b.TypeRange, name)
}
