package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// reliableFunctions return the same here as in every version of Terraform and OpenTofu,
// independent of the disk. In the policy check, any other result is unknown: with a
// difference, an author could have one value checked and another one used.
var reliableFunctions = []string{
	"concat", "endswith", "format", "join", "keys", "lower", "merge", "replace", "startswith", "strcontains", "substr",
	"tolist", "tomap", "toset", "tostring", "trimprefix", "trimspace", "trimsuffix", "upper", "values",
}

// restrictedFunctions returns the reliable functions of Terraform; the others are known by
// name only.
func restrictedFunctions() *hcl.EvalContext {
	functions := map[string]function.Function{}
	for name := range pureFunctions.Functions {
		functions[name] = unknownFunc
	}
	for name := range fileFunctions {
		functions[name], functions["core::"+name] = unknownFunc, unknownFunc
	}
	functions["abspath"], functions["core::abspath"] = unknownFunc, unknownFunc
	for _, name := range reliableFunctions {
		functions[name], functions["core::"+name] = pureFunctions.Functions[name], pureFunctions.Functions[name]
	}
	return &hcl.EvalContext{Functions: functions}
}

// unknownCondition replaces the condition of a conditional. It is never known, so that both
// branches count, and it hides nothing that the condition contains.
type unknownCondition struct{ *hclsyntax.ParenthesesExpr }

// Value implements hclsyntax.Expression.
func (unknownCondition) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return cty.UnknownVal(cty.Bool), nil
}

// hideConditions makes every condition below a node unknown.
func hideConditions(n hclsyntax.Node) {
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		if conditional, ok := n.(*hclsyntax.ConditionalExpr); ok {
			conditional.Condition = unknownCondition{&hclsyntax.ParenthesesExpr{Expression: conditional.Condition, SrcRange: conditional.Condition.Range()}}
		}
		return nil
	})
}
