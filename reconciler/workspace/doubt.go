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

// doubtfulFunctions are Terraform's functions, but for the reliable ones
// known by name alone.
func doubtfulFunctions() *hcl.EvalContext {
	all := map[string]function.Function{}
	for name := range pureFunctions.Functions {
		all[name] = unknownFunc
	}
	for name := range fileFunctions {
		all[name], all["core::"+name] = unknownFunc, unknownFunc
	}
	all["abspath"], all["core::abspath"] = unknownFunc, unknownFunc
	for _, name := range reliableFunctions {
		all[name], all["core::"+name] = pureFunctions.Functions[name], pureFunctions.Functions[name]
	}
	return &hcl.EvalContext{Functions: all}
}

// condition stands for the condition of a choice. It is never known, so that
// both branches count, and it hides nothing that the condition holds.
type condition struct{ *hclsyntax.ParenthesesExpr }

// Value implements hclsyntax.Expression.
func (condition) Value(*hcl.EvalContext) (cty.Value, hcl.Diagnostics) {
	return cty.UnknownVal(cty.Bool), nil
}

// doubt makes every condition below a node unknown.
func doubt(n hclsyntax.Node) {
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		if choice, ok := n.(*hclsyntax.ConditionalExpr); ok {
			choice.Condition = condition{&hclsyntax.ParenthesesExpr{Expression: choice.Condition, SrcRange: choice.Condition.Range()}}
		}
		return nil
	})
}
