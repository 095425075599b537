package hcleval

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	ctyyaml "github.com/zclconf/go-cty-yaml"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"go.yaml.in/yaml/v3"
)

// decodeFunc returns f, a function that decodes one text, without the marks of the text:
// what a file contains is no longer the content of the file.
func decodeFunc(f function.Function) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String, AllowUnknown: true, AllowMarked: true}},
		Type:   function.StaticReturnType(cty.DynamicPseudoType),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, marks := args[0].Unmark()
			if !text.IsKnown() {
				return cty.DynamicVal.WithMarks(marks), nil
			}
			return f.Call([]cty.Value{text})
		},
	})
}

// maxYAMLNodes is the maximum number of values in a YAML text, each alias counted as what it
// stands for: a few aliases that refer to each other can stand for any number of values.
const maxYAMLNodes = 100_000

// yamlDecodeFunc is Terraform's yamldecode().
var yamlDecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(args[0].AsString()), &root); err == nil && countNodes(&root, map[*yaml.Node]int{}) > maxYAMLNodes {
			return cty.DynamicVal, nil
		}
		return ctyyaml.YAMLDecodeFunc.Call(args)
	},
})

// countNodes returns the number of values at and below n, and more than maxYAMLNodes if
// there are too many. counted has the numbers that are known.
func countNodes(n *yaml.Node, counted map[*yaml.Node]int) int {
	if count, ok := counted[n]; ok {
		return count
	}
	counted[n] = 1 // an alias of a value within itself
	count := 1
	if n.Alias != nil {
		count = countNodes(n.Alias, counted)
	}
	for _, inner := range n.Content {
		count = min(count+countNodes(inner, counted), maxYAMLNodes+1)
	}
	counted[n] = count
	return count
}

// tfvarsDecodeFunc is decode_tfvars() of Terraform's built-in provider.
var tfvarsDecodeFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "text", Type: cty.String}},
	Type:   function.StaticReturnType(cty.DynamicPseudoType),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		const name = "<decode_tfvars argument>"
		text := []byte(args[0].AsString())
		if isTooDeep(text, hclsyntax.LexConfig) {
			return cty.DynamicVal, nil
		}
		f, diags := hclsyntax.ParseConfig(text, name, hcl.InitialPos)
		if diags.HasErrors() {
			return cty.NilVal, fmt.Errorf("invalid tfvars syntax: %w", diags)
		}
		body := f.Body.(*hclsyntax.Body)
		if len(body.Blocks) > 0 {
			return cty.NilVal, errors.New("invalid tfvars syntax: blocks are not allowed")
		}
		meterTree(body)
		values := map[string]cty.Value{}
		for key, a := range body.Attributes {
			v, diags := Evaluate(a.Expr, nil)
			if diags.HasErrors() {
				return cty.NilVal, fmt.Errorf("invalid expression for variable %q: %w", key, diags)
			}
			values[key] = v
		}
		return cty.ObjectVal(values), nil
	},
})
