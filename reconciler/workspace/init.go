package workspace

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// initOf returns what `terraform init` makes something of in a top-level
// block: the settings of Terraform (backend, required providers), where
// modules come from, and of which providers resources are. Of JSON, which is
// parsed from a translation, the whole file stands for it.
func (f file) initOf(b *hclsyntax.Block) []string {
	if strings.HasSuffix(f.name, ".json") {
		return []string{f.id}
	}
	switch b.Type {
	case "terraform":
		return []string{string(f.text[b.TypeRange.Start.Byte:b.CloseBraceRange.End.Byte])}
	case "module":
		return []string{"module " + strings.Join(b.Labels, ".") + f.attribute(b, "source") + f.attribute(b, "version")}
	case "provider":
		return []string{"provider " + strings.Join(b.Labels, ".") + f.attribute(b, "version")}
	case "resource", "data", "ephemeral":
		if len(b.Labels) > 0 {
			kind, _, _ := strings.Cut(b.Labels[0], "_")
			return []string{"provider of " + kind + f.attribute(b, "provider")}
		}
	}
	return nil
}

// builtIn is what initOf returns of a resource of the provider that is part of
// Terraform.
const builtIn = "provider of terraform"

// wantsProviders tells whether init may have providers to install for a
// module, by what initOf returned of it.
func wantsProviders(init []string) bool {
	return slices.ContainsFunc(init, func(part string) bool {
		switch {
		case part == builtIn:
			return false
		case strings.HasPrefix(part, "terraform"):
			return strings.Contains(part, "required_providers")
		case strings.HasPrefix(part, "module "): // a local one speaks for itself
			return !strings.Contains(part, `"./`) && !strings.Contains(part, `"../`)
		}
		return true
	})
}

// attribute is an attribute as it is written.
func (f file) attribute(b *hclsyntax.Block, name string) string {
	a := b.Body.Attributes[name]
	if a == nil {
		return ""
	}
	return " " + string(f.text[a.SrcRange.Start.Byte:a.SrcRange.End.Byte])
}
