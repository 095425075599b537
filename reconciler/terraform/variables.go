package terraform

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"

	"reconcile/reconciler/terraform/internal/planjson"
	"reconcile/reconciler/terraform/internal/rootmodule"
)

// variableValues returns the Spec's values for the declared variables, in the form of a JSON
// variables file. As Terraform does with TF_VAR_ variables, it takes a value as plain text if the
// variable's type is primitive or missing, and as an expression otherwise.
func (s *Session) variableValues() (map[string]any, error) {
	declared := declaredVariables(s.spec.Dir, s.tf.product)
	values := map[string]any{}
	for name, text := range s.spec.Vars {
		s.log.AddSecrets(text)
		variable := declared[name]
		if variable == nil {
			continue // as Terraform does with TF_VAR_ variables
		}
		if !variable.isExpression {
			values[name] = text
			continue
		}
		value, err := evalExpression(text)
		if err != nil {
			return nil, fmt.Errorf("TF_VAR_%s does not match the type of variable %q: write the value as in a .tfvars file", name, name)
		}
		values[name] = ctyjson.SimpleJSONValue{Value: value}
		s.log.AddSecrets(s.secretsOf(planjson.SensitiveValue(decodeValue(value)))...)
	}
	return values, nil
}

// declaredVariable is what the files of a module say about one of its variables.
type declaredVariable struct {
	isExpression bool // its values are expressions
	isSecret     bool // it is sensitive or ephemeral
	fallback     cty.Value
}

// declaredVariables returns the variables of the module in dir. It ignores files that do not
// parse: Terraform reports those better.
func declaredVariables(dir, product string) map[string]*declaredVariable {
	declared := map[string]*declaredVariable{}
	for _, name := range rootmodule.ListFiles(dir, product == productTofu) {
		addDeclared(rootmodule.ParseFile(name).Body, declared)
	}
	return declared
}

func addDeclared(body hcl.Body, declared map[string]*declaredVariable) {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
	for _, block := range content.Blocks {
		inner, _, _ := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "type"}, {Name: "sensitive"}, {Name: "ephemeral"}, {Name: "default"}}})
		variable := declared[block.Labels[0]]
		if variable == nil {
			variable = &declaredVariable{fallback: cty.NilVal}
			declared[block.Labels[0]] = variable
		}
		if kind := inner.Attributes["type"]; kind != nil {
			variable.isExpression = !isPrimitive(kind.Expr)
		}
		for _, name := range []string{"sensitive", "ephemeral"} {
			if attr := inner.Attributes[name]; attr != nil {
				value, _ := attr.Expr.Value(nil)
				variable.isSecret = variable.isSecret || !value.RawEquals(cty.False)
			}
		}
		if attr := inner.Attributes["default"]; attr != nil {
			variable.fallback, _ = attr.Expr.Value(nil)
		}
	}
}

// learnVariables learns the values of sensitive and ephemeral variables in the workspace's
// files. A plan that fails shows them in no other way, and no plan stores an ephemeral one.
func (s *Session) learnVariables() {
	declared := declaredVariables(s.spec.Dir, s.tf.product)
	learn := func(variable *declaredVariable, value cty.Value) {
		if variable != nil && variable.isSecret && value != cty.NilVal && value.IsWhollyKnown() {
			s.log.AddSecrets(s.secretsOf(planjson.SensitiveValue(decodeValue(value)))...)
		}
	}
	for _, variable := range declared {
		learn(variable, variable.fallback)
	}
	files := slices.Clone(s.spec.VarFiles)
	for _, pattern := range []string{"terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json"} {
		found, _ := filepath.Glob(s.path(pattern))
		files = append(files, found...)
	}
	for _, name := range files {
		attributes, _ := rootmodule.ParseFile(name).Body.JustAttributes()
		for name, attr := range attributes {
			value, _ := attr.Expr.Value(nil)
			learn(declared[name], value)
		}
	}
}

func isPrimitive(kind hcl.Expression) bool {
	word := hcl.ExprAsKeyword(kind)
	return word == "string" || word == "number" || word == "bool"
}

func evalExpression(text string) (cty.Value, error) {
	expr, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	value, diags := expr.Value(nil)
	if diags.HasErrors() {
		return cty.NilVal, diags
	}
	return value, nil
}

// decodeValue returns a value as decoded JSON.
func decodeValue(value cty.Value) any {
	text, err := json.Marshal(ctyjson.SimpleJSONValue{Value: value})
	if err != nil {
		return nil
	}
	plain, _ := decodeExactJSON(text)
	return plain
}
