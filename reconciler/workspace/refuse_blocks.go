package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// directory looks through the blocks of one module.
func (r *refusal) directory(dir string) {
	files, wrong, err := r.parseDir(dir)
	if err != nil {
		return // said when it was loaded
	}
	r.found = append(r.found, wrong...)
	r.sources = map[string]string{}
	for _, f := range files {
		r.dialect(path.Join(dir, f.name), f.text)
		for _, b := range f.body.Blocks {
			if b.Type == "terraform" {
				r.required(path.Join(dir, f.name), b)
			}
		}
	}
	for _, f := range files {
		p := path.Join(dir, f.name)
		for _, b := range f.body.Blocks {
			if !slices.Contains(knownBlocks, b.Type) {
				r.refuse(p, b.TypeRange, b.Type, "blocks of the type %s are not looked through", b.Type)
			}
			r.block(p, b, b)
		}
	}
}

// knownBlocks are what a configuration file may consist of.
var knownBlocks = []string{
	"terraform", "locals", "variable", "output", "module", "provider", "resource", "data", "ephemeral", "action",
	"check", "moved", "import", "removed",
}

// dialect refuses files that are not read here as Terraform reads them.
func (r *refusal) dialect(file string, text []byte) {
	if strings.HasSuffix(file, ".json") {
		r.refuse(file, hcl.Range{}, "tf.json", "configuration in JSON is not looked through as closely: write it as HCL, or list tf.json under allow")
		r.json(file, text)
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
			r.sources[name] = sourceOf(name, a.Expr)
			r.provider(file, a.NameRange, name)
		}
	}
}

// sourceOf returns where a required provider comes from; "" where that cannot
// be told.
func sourceOf(name string, x hclsyntax.Expression) string {
	object, ok := x.(*hclsyntax.ObjectConsExpr)
	if _, isText := constant(x); isText && !ok {
		return defaultSource(name) // a version, as it was written long ago
	}
	if !ok {
		return ""
	}
	source := defaultSource(name)
	for _, item := range object.Items {
		switch keyName(item.KeyExpr) {
		case "source":
			source, _ = constant(item.ValueExpr)
		case "":
			return ""
		}
	}
	return source
}

// defaultSource is where a provider comes from that a module does not speak
// of.
func defaultSource(name string) string {
	if name == "terraform" {
		return builtinProvider
	}
	return "hashicorp/" + name
}

// source returns where a provider comes from, by its name in the module.
func (r *refusal) source(name string) string {
	if source, ok := r.sources[name]; ok {
		return source
	}
	return defaultSource(name)
}

// provider refuses a provider, by its name in the module.
func (r *refusal) provider(file string, at hcl.Range, name string) {
	if source := r.source(name); !r.trust.trustsProvider(source) {
		r.refuse(file, at, "", "provider %s is not among those that may run: %s", source, strings.Join(r.trust.Providers, ", "))
	}
}

// block looks through a block and those in it; top is the one that they all
// lie in.
func (r *refusal) block(file string, top, b *hclsyntax.Block) {
	switch {
	case b.Type == "import" && b == top:
		r.imports(file, b)
	case len(b.Labels) == 0:
	case slices.Contains(providerBlocks, b.Type):
		r.resource(file, b)
	case b.Type == "provider":
		r.provider(file, b.TypeRange, b.Labels[0])
	}
	for name, a := range b.Body.Attributes {
		if top.Type == "check" && name == "data" { // only in JSON is this no block
			r.refuse(file, a.NameRange, "check", "data in a check, in JSON, is not looked through")
		}
		r.functions(file, a.Expr)
	}
	if b == top && (b.Type == "provider" || b.Type == "terraform") {
		r.settle(file, b)
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
	switch {
	case b.Type == "ephemeral" && strings.HasPrefix(kind, "aws_"), // they are all credentials, or secrets
		b.Type != "resource" && r.trust.refuses(kind):
		r.refuse(file, b.TypeRange, kind, "%s %s is not allowed", b.Type, kind)
	case b.Type == "data" && kind == "aws_s3_object" && !isFalse(b.Body.Attributes["download_body"]):
		r.refuse(file, b.TypeRange, kind, "%s %s is not allowed without download_body = false", b.Type, kind)
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

// isFalse reports whether an attribute is there, and false.
func isFalse(a *hclsyntax.Attribute) bool {
	if a == nil {
		return false
	}
	v := constantValue(a.Expr)
	return v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool && v.False()
}

// imports refuses to import what a data source may not read: the plan would
// show it just as well.
func (r *refusal) imports(file string, b *hclsyntax.Block) {
	to := b.Body.Attributes["to"]
	if to == nil {
		return // Terraform says so better
	}
	for _, kind := range addressWords(to.Expr) {
		if r.trust.refuses(kind) || matches(importedSecrets, kind) {
			r.refuse(file, to.NameRange, kind, "import of %s is not allowed", kind)
		}
	}
}

// addressWords returns the names that an address consists of.
func addressWords(x hclsyntax.Expression) (words []string) {
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ScopeTraversalExpr:
			for _, step := range n.Traversal {
				switch step := step.(type) {
				case hcl.TraverseRoot:
					words = append(words, step.Name)
				case hcl.TraverseAttr:
					words = append(words, step.Name)
				}
			}
		case *hclsyntax.RelativeTraversalExpr:
			for _, step := range n.Traversal {
				if attr, ok := step.(hcl.TraverseAttr); ok {
					words = append(words, attr.Name)
				}
			}
		case *hclsyntax.LiteralValueExpr: // in JSON
			text, _ := asString(n.Val)
			words = append(words, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
		}
		return nil
	})
	return words
}
