package workspace

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/customdecode"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// cautious are the functions that turn an error into a value. What is an error
// here need not be one for Terraform, which knows functions of providers and
// values that are unknown here; so of an error nothing is concluded.
func cautious(base *hcl.EvalContext) *hcl.EvalContext {
	ctx := base.NewChild()
	ctx.Functions = map[string]function.Function{}
	for name, f := range map[string]function.Function{"try": cautiousTry, "can": cautiousCan} {
		ctx.Functions[name], ctx.Functions["core::"+name] = f, f
	}
	return ctx
}

var expressions = &function.Parameter{Name: "expressions", Type: customdecode.ExpressionClosureType}

// first is what the first expression certainly is.
func first(args []cty.Value) (cty.Value, bool) {
	if len(args) == 0 {
		return cty.DynamicVal, false
	}
	v, diags := customdecode.ExpressionClosureFromVal(args[0]).Value()
	return v, !diags.HasErrors() && v.IsWhollyKnown()
}

var cautiousTry = function.New(&function.Spec{
	VarParam: expressions,
	Type: func(args []cty.Value) (cty.Type, error) {
		if v, ok := first(args); ok {
			return v.Type(), nil
		}
		return cty.DynamicPseudoType, nil
	},
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if v, ok := first(args); ok {
			return v, nil
		}
		return cty.DynamicVal, nil
	},
})

var cautiousCan = function.New(&function.Spec{
	VarParam: expressions,
	Type:     function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if _, ok := first(args); ok {
			return cty.True, nil
		}
		return cty.UnknownVal(cty.Bool), nil
	},
})
