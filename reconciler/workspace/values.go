package workspace

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// maxReferences is the maximum length of a chain of references.
const maxReferences = 1000

// memoize returns the value under key and computes it once. Definitions in a cycle are
// unknown.
func (s *scope) memoize(key string, fill func() cty.Value) cty.Value {
	if v, ok := s.memo[key]; ok {
		return v
	}
	s.memo[key] = cty.DynamicVal
	if s.evaluation.referenceDepth == maxReferences {
		return cty.DynamicVal
	}
	s.evaluation.referenceDepth++
	v := fill()
	s.evaluation.referenceDepth--
	s.memo[key] = v
	return v
}

func (s *scope) variableValue(name string) cty.Value {
	return s.memoize("var."+name, func() cty.Value {
		declared := s.module.variables[name]
		if declared == nil {
			return cty.DynamicVal
		}
		value := s.argumentValue(name, declared)
		if declared.notNull && declared.defaultExpr != nil && hcleval.IsNull(value) {
			value = s.evaluate(declared.defaultExpr, nil)
		}
		if s.evaluation.steps += hcleval.ConversionCost(value); s.evaluation.steps > maxWorkspaceSteps {
			return cty.DynamicVal
		}
		if value = declared.convert(value); hcleval.IsTooLarge(value) {
			return cty.DynamicVal
		}
		return value
	})
}

// argumentValue returns the value that var.name is set to.
func (s *scope) argumentValue(name string, declared *variable) cty.Value {
	if s.hasUnknownArgs {
		return cty.DynamicVal
	}
	if v, ok := s.variableValues[name]; ok {
		return v
	}
	if s.call != nil {
		if d, ok := s.call.arguments[name]; ok {
			return s.parent.evaluate(d.Expression, s.bound)
		}
	}
	if declared.defaultExpr != nil {
		return s.evaluate(declared.defaultExpr, nil)
	}
	return cty.DynamicVal
}

// convert returns value converted to the variable's type, if that is possible.
func (v *variable) convert(value cty.Value) cty.Value {
	if v.typeConstraint == nil {
		return value
	}
	want, defaults, diags := typeexpr.TypeConstraintWithDefaults(v.typeConstraint)
	if diags.HasErrors() {
		return value
	}
	if _, marks := value.Unmark(); defaults != nil && len(marks) == 0 && value.IsKnown() && !value.IsNull() {
		value = defaults.Apply(value)
	}
	converted, err := convert.Convert(value, want)
	if err != nil {
		return value
	}
	return converted
}

func (s *scope) localValue(name string) cty.Value {
	d, ok := s.module.locals[name]
	if !ok {
		return cty.DynamicVal
	}
	return s.memoize("local."+name, func() cty.Value { return s.evaluate(d.Expression, nil) })
}

// outputValue returns the value of module.name.output, for any instance of the module.
// Outputs of remote modules do not depend on the tree.
func (s *scope) outputValue(name, output string) cty.Value {
	child := s.callee(name)
	if child == nil {
		return knownAfterApply
	}
	d, ok := child.module.outputs[output]
	if !ok {
		return cty.DynamicVal
	}
	return child.memoize("output."+output, func() cty.Value { return child.evaluate(d.Expression, nil) })
}

// resourceValue returns an attribute of a resource as the configuration sets it. An
// attribute that is not set is known only to the provider.
func (s *scope) resourceValue(address, attr string) cty.Value {
	return s.memoize(address+"."+attr, func() cty.Value {
		r := s.module.resources[address]
		if r == nil || s.evaluation.checker != nil { // the provider may return another value
			return knownAfterApply
		}
		a, ok := r.attributes[attr]
		if !ok {
			return knownAfterApply
		}
		return s.evaluate(a.Expression, nil)
	})
}

// pathValue returns path.name. Relative paths start from the workspace's directory, where
// Terraform runs; absolute ones from an imaginary root.
func (s *scope) pathValue(name string) cty.Value {
	if s.evaluation.checker != nil {
		return cty.DynamicVal // but it may begin a path, see choices
	}
	return s.rawPathValue(name)
}

func (s *scope) rawPathValue(name string) cty.Value {
	switch name {
	case "module":
		return cty.StringVal(relativePath(s.evaluation.root.Path, s.module.dir))
	case "root":
		return cty.StringVal(".")
	case "cwd":
		return cty.StringVal(path.Join(repoRoot, s.evaluation.root.Path))
	}
	return cty.DynamicVal
}

// repoRoot is the absolute path that stands for the repository. The real one depends on the
// machine.
const repoRoot = "/«repository»"

// relativePath returns the relative path between two directories of the repository.
func relativePath(from, to string) string {
	if from == to {
		return "."
	}
	a, b := splitPath(from), splitPath(to)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return strings.Join(append(strings.Split(strings.Repeat("../", len(a)), "/")[:len(a)], b...), "/")
}

func splitPath(p string) []string {
	if p == "." {
		return nil
	}
	return strings.Split(p, "/")
}

// mayEscape reports whether what r refers to contains a text that leads out of its
// directory.
func (s *scope) mayEscape(r symbolRef) bool {
	if out, ok := s.escapeMemo[r]; ok {
		return out
	}
	lookup := s.localValue
	if r.root == "var" {
		lookup = s.variableValue
	}
	found := false
	v, _ := lookup(r.name).UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		text, known := hcleval.AsString(v)
		if !known && !v.IsKnown() && v.Type() == cty.String {
			text = v.Range().StringPrefix()
		}
		found = found || strings.Contains(text, "..") || strings.Contains(text, repoRoot)
		return !found, nil
	})
	s.escapeMemo[r] = found
	return found
}
