package workspace

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// initInputs returns what `terraform init` makes something of in a top-level
// block: the settings of Terraform (backend, required providers), where
// modules come from, and of which providers resources are. Of JSON, which is
// parsed from a translation, the whole file stands for it.
func (f configFile) initInputs(b *hclsyntax.Block) []string {
	if strings.HasSuffix(f.name, ".json") {
		return []string{f.id}
	}
	switch b.Type {
	case "terraform":
		return []string{string(f.text[b.TypeRange.Start.Byte:b.CloseBraceRange.End.Byte])}
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

// builtinInit is what initInputs returns of a resource of the provider that is part of
// Terraform.
const builtinInit = "provider of terraform"

// needsProviders tells whether init may have providers to install for a
// module, by what initInputs returned of it.
func needsProviders(init []string) bool {
	return slices.ContainsFunc(init, func(part string) bool {
		switch {
		case part == builtinInit:
			return false
		case strings.HasPrefix(part, "terraform"):
			return strings.Contains(part, "required_providers")
		case strings.HasPrefix(part, "module "): // a local one speaks for itself
			return !strings.Contains(part, `"./`) && !strings.Contains(part, `"../`)
		}
		return true
	})
}

// attributeText is an attribute as it is written.
func (f configFile) attributeText(b *hclsyntax.Block, name string) string {
	a := b.Body.Attributes[name]
	if a == nil {
		return ""
	}
	return " " + string(f.text[a.SrcRange.Start.Byte:a.SrcRange.End.Byte])
}
