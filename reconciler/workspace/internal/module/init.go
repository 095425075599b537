package module

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// initInputs returns the parts of a top-level block that `terraform init` uses: the
// terraform block (backend, required providers), sources of modules, and providers of
// resources. A JSON file is parsed from a translation, so the whole file counts.
func (f ConfigFile) initInputs(b *hclsyntax.Block) []string {
	if strings.HasSuffix(f.Name, ".json") {
		return []string{f.id}
	}
	switch b.Type {
	case "terraform":
		return []string{string(f.Text[b.TypeRange.Start.Byte:b.CloseBraceRange.End.Byte])}
	case "module":
		return []string{"module " + strings.Join(b.Labels, ".") + f.attributeText(b, "source") + f.attributeText(b, "version")}
	case "provider":
		return []string{"provider " + strings.Join(b.Labels, ".") + f.attributeText(b, "version")}
	case "resource", "data", "ephemeral":
		if len(b.Labels) > 0 {
			kind, _, _ := strings.Cut(b.Labels[0], "_")
			return []string{"provider of " + kind + f.attributeText(b, "provider")}
		}
	}
	return nil
}

// builtinInit is the initInputs result for a resource of Terraform's built-in provider.
const builtinInit = "provider of terraform"

// NeedsProviders reports whether init may have to install providers for a module, given the
// module's initInputs.
func NeedsProviders(init []string) bool {
	return slices.ContainsFunc(init, func(part string) bool {
		switch {
		case part == builtinInit:
			return false
		case strings.HasPrefix(part, "terraform"):
			return strings.Contains(part, "required_providers")
		case strings.HasPrefix(part, "module "): // a local module has init inputs of its own
			return !strings.Contains(part, `"./`) && !strings.Contains(part, `"../`)
		}
		return true
	})
}

// attributeText returns the source text of an attribute.
func (f ConfigFile) attributeText(b *hclsyntax.Block, name string) string {
	a := b.Body.Attributes[name]
	if a == nil {
		return ""
	}
	return " " + string(f.Text[a.SrcRange.Start.Byte:a.SrcRange.End.Byte])
}
