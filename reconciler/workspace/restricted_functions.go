package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// reliableFunctions are those that yield the same here as in every version of
// Terraform and OpenTofu, whatever lies on the disk. In judging code that
// nobody has approved, the result of any other is unknown: by a difference its
// author could have one value judged and another one used.
var reliableFunctions = []string{
	"concat", "endswith", "format", "join", "keys", "lower", "merge", "replace", "startswith", "strcontains", "substr",
	"tolist", "tomap", "toset", "tostring", "trimprefix", "trimspace", "trimsuffix", "upper", "values",
}

// restrictedFunctions are Terraform's functions, but for the reliable ones
// known by name alone.
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

// unknownCondition stands for the condition of a choice. It is never known, so that
// both branches count, and it hides nothing that the condition holds.
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
