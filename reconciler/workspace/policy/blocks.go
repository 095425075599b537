package policy

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/settings"
)

// checkDir checks the blocks of one module.
func (r *checker) checkDir(dir string) {
	files, problems, err := r.modules.ParseDir(dir)
	if err != nil {
		return // reported when it was loaded
	}
	r.violations = append(r.violations, problems...)
	r.providerSources = map[string]string{}
	for _, f := range files {
		r.checkSyntax(path.Join(dir, f.Name), f.Text)
		for _, b := range f.Body.Blocks {
			if b.Type == "terraform" {
				r.checkTerraformBlock(path.Join(dir, f.Name), b)
			}
		}
	}
	for _, f := range files {
		p := path.Join(dir, f.Name)
		for _, b := range f.Body.Blocks {
			if !hcleval.IsBlockType(b.Type) {
				r.addViolation(p, b.TypeRange, b.Type, "blocks of type %s are not supported in previews", b.Type)
			}
			r.checkBlock(p, b, b)
		}
	}
}

// checkSyntax refuses files that are not parsed here as Terraform parses them.
func (r *checker) checkSyntax(file string, text []byte) {
	if strings.HasSuffix(file, ".json") {
		r.addViolation(file, hcl.Range{}, "tf.json", "JSON configuration is not allowed, because it is checked less closely: write it as HCL, or list tf.json under allow")
		for _, found := range hcleval.FindAmbiguities(file, text) {
			r.addViolation(file, found.Range, found.BlockType, "%s", found.Text)
		}
	}
}

// The parts of a terraform block. Others are refused: OpenTofu's encryption, for example,
// may name a program to run. In JSON such a block is an attribute.
var (
	terraformBlocks     = []string{"backend", "required_providers", "provider_meta"}
	terraformAttributes = []string{"required_version", "experiments"}
)

// checkTerraformBlock records the provider sources of a module.
func (r *checker) checkTerraformBlock(file string, b *hclsyntax.Block) {
	for name, a := range b.Body.Attributes {
		if !slices.Contains(terraformAttributes, name) {
			r.addViolation(file, a.NameRange, name, "%s is not allowed in terraform", name)
		}
	}
	for _, inner := range b.Body.Blocks {
		if !slices.Contains(terraformBlocks, inner.Type) {
			r.addViolation(file, inner.TypeRange, inner.Type, "%s is not allowed in terraform", inner.Type)
		}
		if inner.Type != "required_providers" {
			continue
		}
		for name, a := range inner.Body.Attributes {
			r.providerSources[name] = providerSourceOf(name, a.Expr)
			r.checkProvider(file, a.NameRange, name)
		}
	}
}

// providerSourceOf returns the source of a required provider, or "" if it is unknown.
func providerSourceOf(name string, x hclsyntax.Expression) string {
	object, ok := x.(*hclsyntax.ObjectConsExpr)
	if _, isText := hcleval.ConstantString(x); isText && !ok {
		return defaultProviderSource(name) // only a version, the old form
	}
	if !ok {
		return ""
	}
	source := defaultProviderSource(name)
	for _, item := range object.Items {
		switch hcleval.KeyName(item.KeyExpr) {
		case "source":
			source, _ = hcleval.ConstantString(item.ValueExpr)
		case "":
			return ""
		}
	}
	return source
}

// defaultProviderSource returns the source of a provider that a module does not declare.
func defaultProviderSource(name string) string {
	if name == "terraform" {
		return settings.BuiltinProvider
	}
	return "hashicorp/" + name
}

// providerSource returns the source of a provider by its local name in the module.
func (r *checker) providerSource(name string) string {
	if source, ok := r.providerSources[name]; ok {
		return source
	}
	return defaultProviderSource(name)
}

// checkProvider checks a provider by its local name in the module.
func (r *checker) checkProvider(file string, rng hcl.Range, name string) {
	if source := r.providerSource(name); !r.policy.AllowsProvider(source) {
		r.addViolation(file, rng, "", "provider %s is not allowed; allowed are: %s", source, strings.Join(r.policy.Providers, ", "))
	}
}

// checkBlock checks a block and the blocks in it; outermost contains them all.
func (r *checker) checkBlock(file string, outermost, b *hclsyntax.Block) {
	switch {
	case b.Type == "import" && b == outermost:
		r.checkImport(file, b)
	case len(b.Labels) == 0:
	case slices.Contains(providerBlocks, b.Type):
		r.checkResource(file, b)
	case b.Type == "provider":
		r.checkProvider(file, b.TypeRange, b.Labels[0])
	}
	for name, a := range b.Body.Attributes {
		if outermost.Type == "check" && name == "data" { // only in JSON is this not a block
			r.addViolation(file, a.NameRange, "check", "data in a check block in JSON is not allowed")
		}
		r.checkFunctions(file, a.Expr)
	}
	if b == outermost && (b.Type == "provider" || b.Type == "terraform") {
		r.checkBlockSettings(file, b)
	}
	for _, inner := range b.Body.Blocks {
		r.checkBlock(file, outermost, inner)
	}
}

// providerBlocks are the blocks whose first label names the provider.
var providerBlocks = []string{"resource", "data", "ephemeral", "action", "list"}

func (r *checker) checkResource(file string, b *hclsyntax.Block) {
	kind := b.Labels[0]
	switch {
	case b.Type == "ephemeral" && strings.HasPrefix(kind, "aws_"), // all of them are credentials or secrets
		b.Type != "resource" && r.policy.RefusesName(kind):
		r.addViolation(file, b.TypeRange, kind, "%s %s is not allowed", b.Type, kind)
	case b.Type == "data":
		r.checkArguments(file, kind, b.Body)
	}
	name, _, _ := strings.Cut(kind, "_")
	if a := b.Body.Attributes["provider"]; a != nil {
		if t, ok := a.Expr.(*hclsyntax.ScopeTraversalExpr); ok {
			name = t.Traversal.RootName()
		} else { // in JSON, or the old form
			text, _ := hcleval.ConstantString(a.Expr)
			name, _, _ = strings.Cut(text, ".")
		}
	}
	r.checkProvider(file, b.TypeRange, name)
}

// checkArguments checks the arguments that decide whether a data source is refused.
func (r *checker) checkArguments(file, kind string, body *hclsyntax.Body) {
	for _, rule := range settings.ArgumentRules {
		if rule.Kind != kind {
			continue
		}
		switch a := body.Attributes[rule.Argument]; {
		case a == nil && rule.Required:
			r.addViolation(file, body.SrcRange, kind, "data %s is not allowed without %s = false", kind, rule.Argument)
		case a != nil && (rule.Absent || !isFalse(a)):
			r.addViolation(file, a.NameRange, kind, "data %s is not allowed with %s", kind, rule.Argument)
		}
	}
}

// isFalse reports whether an attribute is false.
func isFalse(a *hclsyntax.Attribute) bool {
	v := hcleval.ConstantValue(a.Expr)
	return v.IsKnown() && !v.IsNull() && v.Type() == cty.Bool && v.False()
}

// checkImport refuses to import what a data source may not read: the plan would show it in
// the same way.
func (r *checker) checkImport(file string, b *hclsyntax.Block) {
	to := b.Body.Attributes["to"]
	if to == nil {
		return // Terraform has a better message for this
	}
	for _, kind := range addressNames(to.Expr) {
		if r.policy.RefusesImport(kind) {
			r.addViolation(file, to.NameRange, kind, "import of %s is not allowed", kind)
		}
	}
}

// addressNames returns the names in an address.
func addressNames(x hclsyntax.Expression) (names []string) {
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.ScopeTraversalExpr:
			for _, step := range n.Traversal {
				switch step := step.(type) {
				case hcl.TraverseRoot:
					names = append(names, step.Name)
				case hcl.TraverseAttr:
					names = append(names, step.Name)
				}
			}
		case *hclsyntax.RelativeTraversalExpr:
			for _, step := range n.Traversal {
				if attr, ok := step.(hcl.TraverseAttr); ok {
					names = append(names, attr.Name)
				}
			}
		case *hclsyntax.LiteralValueExpr: // in JSON
			text, _ := hcleval.AsString(n.Val)
			names = append(names, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(".[]", r) })...)
		}
		return nil
	})
	return names
}
