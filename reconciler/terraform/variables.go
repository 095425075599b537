package terraform

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"reconcile/internal/redact"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// variableValues returns the Spec's values for the declared variables, in the form of a JSON
// variables file. As Terraform does with TF_VAR_ variables, it takes a value as plain text if the
// variable's type is primitive or missing, and as an expression otherwise.
func (s *Session) variableValues() (map[string]any, error) {
	declared := declaredVariables(s.spec.Dir, s.tf.product)
	values := map[string]any{}
	for name, text := range s.spec.Vars {
		s.log.AddSecrets(text)
		isExpression, found := declared[name]
		if !found {
			continue // as Terraform does with TF_VAR_ variables
		}
		if !isExpression {
			values[name] = text
			continue
		}
		value, err := evalExpression(text)
		if err != nil {
			return nil, fmt.Errorf("TF_VAR_%s does not match the type of variable %q: write the value as in a .tfvars file", name, name)
		}
		values[name] = ctyjson.SimpleJSONValue{Value: value}
		s.log.AddSecrets(ctyStrings(value)...)
	}
	return values, nil
}

// declaredVariables reports, for each variable of the module in dir, whether its values
// are expressions. It ignores files that do not parse: Terraform reports those better.
func declaredVariables(dir, product string) map[string]bool {
	names, _ := filepath.Glob(filepath.Join(dir, "*.tf*"))
	if product == productTofu {
		names = addTofuFiles(dir, names)
	}
	sort.Slice(names, func(i, j int) bool { // override files come last
		if a, b := isOverride(names[i]), isOverride(names[j]); a != b {
			return b
		}
		return names[i] < names[j]
	})
	declared := map[string]bool{}
	parser := hclparse.NewParser()
	for _, name := range names {
		var file *hcl.File
		switch {
		case strings.HasSuffix(name, ".tf"), strings.HasSuffix(name, ".tofu"):
			file, _ = parser.ParseHCLFile(name)
		case strings.HasSuffix(name, ".tf.json"), strings.HasSuffix(name, ".tofu.json"):
			file, _ = parser.ParseJSONFile(name)
		}
		if file != nil && file.Body != nil {
			addDeclared(file.Body, declared)
		}
	}
	return declared
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

func addDeclared(body hcl.Body, declared map[string]bool) {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
	for _, block := range content.Blocks {
		inner, _, _ := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "type"}}})
		name := block.Labels[0]
		if kind := inner.Attributes["type"]; kind != nil {
			declared[name] = !isPrimitive(kind.Expr)
		} else if _, known := declared[name]; !known {
			declared[name] = false
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

// ctyStrings returns the strings in a value.
func ctyStrings(value cty.Value) []string {
	text, err := json.Marshal(ctyjson.SimpleJSONValue{Value: value})
	if err != nil {
		return nil
	}
	var plain any
	if json.Unmarshal(text, &plain) != nil {
		return nil
	}
	return redact.Strings(plain)
}
