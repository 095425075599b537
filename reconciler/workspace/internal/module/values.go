package module

import (
	"path"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// maxReferences is the maximum length of a chain of references.
const maxReferences = 1000

// memoize returns the value under key and computes it once. Definitions in a cycle are
// unknown.
func (s *Scope) memoize(key string, fill func() cty.Value) cty.Value {
	if v, ok := s.memo[key]; ok {
		return v
	}
	s.memo[key] = cty.DynamicVal
	if s.evaluator.referenceDepth == maxReferences {
		return cty.DynamicVal
	}
	s.evaluator.referenceDepth++
	v := fill()
	s.evaluator.referenceDepth--
	s.memo[key] = v
	return v
}

func (s *Scope) variableValue(name string) cty.Value {
	return s.memoize("var."+name, func() cty.Value {
		declared := s.Module.Variables[name]
		if declared == nil {
			return cty.DynamicVal
		}
		value := s.argumentValue(name, declared)
		if declared.notNull && declared.defaultExpr != nil && hcleval.IsNull(value) {
			value = s.Evaluate(declared.defaultExpr, nil)
		}
		if s.evaluator.steps += hcleval.ConversionCost(value); s.evaluator.steps > maxWorkspaceSteps {
			return cty.DynamicVal
		}
		if value = declared.convert(value); hcleval.IsTooLarge(value) {
			return cty.DynamicVal
		}
		return value
	})
}

// argumentValue returns the value that var.name is set to.
func (s *Scope) argumentValue(name string, declared *Variable) cty.Value {
	if s.HasUnknownArgs {
		return cty.DynamicVal
	}
	if v, ok := s.VariableValues[name]; ok {
		return v
	}
	if s.call != nil {
		if d, ok := s.call.Arguments[name]; ok {
			return s.parent.Evaluate(d.Expression, s.bound)
		}
	}
	if declared.defaultExpr != nil {
		return s.Evaluate(declared.defaultExpr, nil)
	}
	return cty.DynamicVal
}

// convert returns value converted to the variable's type, if that is possible.
func (v *Variable) convert(value cty.Value) cty.Value {
	if v.typeConstraint == cty.NilType {
		return value
	}
	if _, marks := value.Unmark(); v.typeDefaults != nil && len(marks) == 0 && value.IsKnown() && !value.IsNull() {
		value = v.typeDefaults.Apply(value)
	}
	converted, err := convert.Convert(value, v.typeConstraint)
	if err != nil {
		return value
	}
	return converted
}

func (s *Scope) localValue(name string) cty.Value {
	d, ok := s.Module.locals[name]
	if !ok {
		return cty.DynamicVal
	}
	return s.memoize("local."+name, func() cty.Value { return s.Evaluate(d.Expression, nil) })
}

// outputValue returns the value of module.name.output, for any instance of the module.
// Outputs of remote modules do not depend on the tree.
func (s *Scope) outputValue(name, output string) cty.Value {
	child := s.Callee(name)
	if child == nil {
		return knownAfterApply
	}
	d, ok := child.Module.outputs[output]
	if !ok {
		return cty.DynamicVal
	}
	return child.memoize("output."+output, func() cty.Value { return child.Evaluate(d.Expression, nil) })
}

// resourceValue returns an attribute of a resource as the configuration sets it. An
// attribute that is not set is known only to the provider.
func (s *Scope) resourceValue(address, attr string) cty.Value {
	return s.memoize(address+"."+attr, func() cty.Value {
		r := s.Module.resources[address]
		if r == nil || s.evaluator.strict { // the provider may return another value
			return knownAfterApply
		}
		a, ok := r.Attributes[attr]
		if !ok {
			return s.providerValue(address, r)
		}
		return s.Evaluate(a.Expression, nil)
	})
}

// providerValue returns a value that only the provider of r knows. If r is a data source
// that reads a file of the tree, the value may depend on that file.
func (s *Scope) providerValue(address string, r *Resource) cty.Value {
	if !strings.HasPrefix(address, "data.") {
		return knownAfterApply
	}
	for _, a := range r.Attributes {
		if p, ok := s.evaluator.RepoPathOf(s.Evaluate(a.Expression, nil)); ok && repotree.IsFile(s.evaluator.loader.tree, p) {
			return cty.DynamicVal
		}
	}
	return knownAfterApply
}

// pathValue returns path.name. Relative paths start from the workspace's directory, where
// Terraform runs; absolute ones from an imaginary root.
func (s *Scope) pathValue(name string) cty.Value {
	if s.evaluator.strict {
		return cty.DynamicVal // but it may begin a path, see choices
	}
	return s.rawPathValue(name)
}

func (s *Scope) rawPathValue(name string) cty.Value {
	switch name {
	case "module":
		return cty.StringVal(repotree.RelativePath(s.evaluator.root, s.Module.Dir))
	case "root":
		return cty.StringVal(".")
	case "cwd":
		return cty.StringVal(path.Join(RepoRoot, s.evaluator.root))
	}
	return cty.DynamicVal
}

// RepoRoot is the absolute path that stands for the repository. The real one depends on the
// machine.
const RepoRoot = "/«repository»"

// MayEscape reports whether what r refers to contains a text that leads out of its
// directory.
func (s *Scope) MayEscape(r SymbolRef) bool {
	if out, ok := s.escapeMemo[r]; ok {
		return out
	}
	var value cty.Value
	switch r.root {
	case "var":
		value = s.variableValue(r.name)
	case "local":
		value = s.localValue(r.name)
	case "module":
		value = s.outputValue(r.name, r.attr)
	default:
		value = s.resourceValue(r.name, r.attr)
	}
	if value.Type().IsPrimitiveType() {
		return hasEscapingText(value)
	}
	found := false
	v, _ := value.UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		found = found || hasEscapingText(v)
		return !found, nil
	})
	s.escapeMemo[r] = found
	return found
}

// hasEscapingText reports whether v is a text, or the known beginning of one, that leads out of
// its directory.
func hasEscapingText(v cty.Value) bool {
	v, _ = v.Unmark()
	text, known := hcleval.AsString(v)
	if !known && !v.IsKnown() && v.Type() == cty.String {
		text = v.Range().StringPrefix()
	}
	return mayLeadOut(text)
}

// GitTopLevel is the command that prints the directory of the repository.
const GitTopLevel = "git rev-parse --show-toplevel"

// mayLeadOut reports whether a text may name what is outside of its directory.
func mayLeadOut(text string) bool {
	return strings.Contains(text, "..") || strings.Contains(text, RepoRoot) || strings.Contains(text, GitTopLevel)
}
