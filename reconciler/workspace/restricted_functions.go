package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty/function"

	"reconcile/reconciler/workspace/internal/hcleval"
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
	for name := range hcleval.PureFunctions.Functions {
		functions[name] = hcleval.UnknownFunc
	}
	for name := range fileFunctions {
		functions[name], functions["core::"+name] = hcleval.UnknownFunc, hcleval.UnknownFunc
	}
	functions["abspath"], functions["core::abspath"] = hcleval.UnknownFunc, hcleval.UnknownFunc
	for _, name := range reliableFunctions {
		functions[name], functions["core::"+name] = hcleval.PureFunctions.Functions[name], hcleval.PureFunctions.Functions[name]
	}
	return &hcl.EvalContext{Functions: functions}
}
