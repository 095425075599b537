// Package rootmodule reads what the files of a root module say, where the JSON of a plan
// does not: a plan that failed has none, and none has the texts of expressions.
package rootmodule

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/internal/files"
	"reconcile/reconciler/terraform/internal/planjson"
)

// ListFiles returns the files of the module in dir that Terraform loads, or OpenTofu, those
// that override others last.
func ListFiles(dir string, isTofu bool) []string {
	names, _ := filepath.Glob(filepath.Join(dir, "*.tf*"))
	if isTofu {
		names = addTofuFiles(dir, names)
	}
	sort.Slice(names, func(i, j int) bool { // override files come last
		if a, b := isOverride(names[i]), isOverride(names[j]); a != b {
			return b
		}
		return names[i] < names[j]
	})
	return slices.DeleteFunc(names, func(name string) bool {
		base := strings.TrimSuffix(name, ".json")
		return !strings.HasSuffix(base, ".tf") && !strings.HasSuffix(base, ".tofu")
	})
}

// ParseFile returns what a file of HCL or its JSON says, as far as it can be parsed.
func ParseFile(name string) *hcl.File {
	parse := hclparse.NewParser().ParseHCL
	if strings.HasSuffix(name, ".json") {
		parse = hclparse.NewParser().ParseJSON
	}
	if text, err := files.ReadRegular(name, files.MaxConfig); err == nil {
		if file, _ := parse(text, name); file != nil && file.Body != nil {
			return file
		}
	}
	return &hcl.File{Body: hcl.EmptyBody()}
}

// addTofuFiles adds the OpenTofu files and removes the .tf files that OpenTofu ignores
// because of them.
func addTofuFiles(dir string, names []string) []string {
	tofu, _ := filepath.Glob(filepath.Join(dir, "*.tofu*"))
	for _, name := range tofu {
		base, ext, _ := strings.Cut(name, ".tofu")
		names = slices.DeleteFunc(names, func(n string) bool { return n == base+".tf"+ext })
	}
	return append(names, tofu...)
}

func isOverride(path string) bool {
	base := strings.TrimSuffix(filepath.Base(path), ".json")
	base = strings.TrimSuffix(strings.TrimSuffix(base, ".tf"), ".tofu")
	return base == "override" || strings.HasSuffix(base, "_override")
}

// ReadTexts returns the local values and the provider blocks of the module in dir. The
// JSON of a plan has neither locals nor the texts of expressions.
func ReadTexts(dir string, isTofu bool) planjson.RootModule {
	root := planjson.RootModule{Locals: map[string]planjson.Expression{}, Providers: map[string]map[string]planjson.Expression{}}
	for _, name := range ListFiles(dir, isTofu) {
		file := ParseFile(name)
		content, _, _ := file.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{
			{Type: "locals"}, {Type: "provider", LabelNames: []string{"name"}},
		}})
		for _, block := range content.Blocks {
			arguments := listArguments(block.Body, file.Bytes, "")
			if block.Type == "locals" {
				maps.Copy(root.Locals, arguments)
				continue
			}
			address := block.Labels[0]
			if alias, ok := arguments["alias"]; ok {
				address += "." + strings.Trim(alias.Text, `"`)
			}
			if root.Providers[address] == nil {
				root.Providers[address] = map[string]planjson.Expression{}
			}
			maps.Copy(root.Providers[address], arguments) // an override file replaces single arguments
		}
	}
	return root
}

// listArguments returns the arguments of a body and of the blocks in it, by path. A block of
// HCL's JSON is an argument.
func listArguments(body hcl.Body, text []byte, path string) map[string]planjson.Expression {
	found := map[string]planjson.Expression{}
	native, ok := body.(*hclsyntax.Body)
	if !ok {
		attributes, _ := body.JustAttributes()
		for name, attr := range attributes {
			found[path+name] = newExpression(attr.Expr, text)
		}
		return found
	}
	for name, attr := range native.Attributes {
		found[path+name] = newExpression(attr.Expr, text)
	}
	for i, block := range native.Blocks {
		maps.Copy(found, listArguments(block.Body, text, fmt.Sprintf("%s%s.%d.", path, strings.Join(append([]string{block.Type}, block.Labels...), "."), i)))
	}
	return found
}

// newExpression returns the text of an expression, and the first two steps of each reference
// in it.
func newExpression(expr hcl.Expression, text []byte) planjson.Expression {
	e := planjson.Expression{Text: string(expr.Range().SliceBytes(text))}
	for _, traversal := range expr.Variables() {
		if len(traversal) < 2 {
			continue
		}
		if step, ok := traversal[1].(hcl.TraverseAttr); ok {
			e.References = append(e.References, traversal.RootName()+"."+step.Name)
		}
	}
	return e
}
