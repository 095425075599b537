package terraform

import (
	"fmt"
	"maps"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/reconciler/terraform/internal/planjson"
)

// readRootModule returns the local values and the provider blocks of the module in dir. The
// JSON of a plan has neither locals nor the texts of expressions.
func readRootModule(dir, product string) planjson.RootModule {
	root := planjson.RootModule{Locals: map[string]planjson.Expression{}, Providers: map[string]map[string]planjson.Expression{}}
	for _, name := range listConfigFiles(dir, product) {
		file := parseFile(name)
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
