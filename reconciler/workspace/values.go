package workspace

import (
	"path"
	"strings"

	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// maxReferences is how many definitions may refer to one another in a row.
const maxReferences = 1000

// once returns the value under key, filled in when it is first asked for.
// Definitions in a circle are unknown.
func (s *scope) once(key string, fill func() cty.Value) cty.Value {
	if v, ok := s.memo[key]; ok {
		return v
	}
	s.memo[key] = cty.DynamicVal
	if s.depth == maxReferences {
		return cty.DynamicVal
	}
	s.depth++
	v := fill()
	s.depth--
	s.memo[key] = v
	return v
}

// variable returns the value of var.name.
func (s *scope) variable(name string) cty.Value {
	return s.once("var."+name, func() cty.Value {
		declared := s.module.variables[name]
		if declared == nil {
			return cty.DynamicVal
		}
		value := s.argument(name, declared)
		if declared.notNull && declared.fallback != nil && isNull(value) {
			value = s.value(declared.fallback, nil)
		}
		if s.steps += conversionCost(value); s.steps > maxSteps {
			return cty.DynamicVal
		}
		if value = declared.convert(value); sizeOf(value) > maxSize {
			return cty.DynamicVal
		}
		return value
	})
}

// argument returns what var.name is set to.
func (s *scope) argument(name string, declared *variable) cty.Value {
	if s.general {
		return cty.DynamicVal
	}
	if v, ok := s.given[name]; ok {
		return v
	}
	if s.call != nil {
		if d, ok := s.call.arguments[name]; ok {
			return s.parent.value(d.Expression, s.bound)
		}
	}
	if declared.fallback != nil {
		return s.value(declared.fallback, nil)
	}
	return cty.DynamicVal
}

// convert returns value as the variable's type, if it has one that it fits.
func (v *variable) convert(value cty.Value) cty.Value {
	if v.constraint == nil {
		return value
	}
	want, defaults, diags := typeexpr.TypeConstraintWithDefaults(v.constraint)
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

// local returns the value of local.name.
func (s *scope) local(name string) cty.Value {
	d, ok := s.module.locals[name]
	if !ok {
		return cty.DynamicVal
	}
	return s.once("local."+name, func() cty.Value { return s.value(d.Expression, nil) })
}

// output returns the value of module.name.output, for any one of the module's
// instances. Modules from elsewhere know nothing of the tree.
func (s *scope) output(name, output string) cty.Value {
	child := s.callee(name)
	if child == nil {
		return elsewhere
	}
	d, ok := child.module.outputs[output]
	if !ok {
		return cty.DynamicVal
	}
	return child.once("output."+output, func() cty.Value { return child.value(d.Expression, nil) })
}

// resourceValue returns an attribute of a resource: what the configuration
// sets it to, else it is for the provider to say.
func (s *scope) resourceValue(address, attr string) cty.Value {
	return s.once(address+"."+attr, func() cty.Value {
		r := s.module.resources[address]
		if r == nil || s.refusal != nil { // the provider may say something else
			return elsewhere
		}
		a, ok := r.attributes[attr]
		if !ok {
			return elsewhere
		}
		return s.value(a.Expression, nil)
	})
}

// pathValue returns path.name. Paths are seen from the workspace's directory,
// where Terraform runs; absolute ones from the top of an imagined file system.
func (s *scope) pathValue(name string) cty.Value {
	if s.refusal != nil {
		return cty.DynamicVal // but for a path's beginning, see choices
	}
	return s.placeOf(name)
}

func (s *scope) placeOf(name string) cty.Value {
	switch name {
	case "module":
		return cty.StringVal(relative(s.root.Path, s.module.dir))
	case "root":
		return cty.StringVal(".")
	case "cwd":
		return cty.StringVal(path.Join(top, s.root.Path))
	}
	return cty.DynamicVal
}

// top is where absolute paths say that the repository lies. Where it really
// does depends on the machine.
const top = "/«repository»"

// relative returns the way from one directory of the repository to another.
func relative(from, to string) string {
	if from == to {
		return "."
	}
	a, b := split(from), split(to)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	return strings.Join(append(strings.Split(strings.Repeat("../", len(a)), "/")[:len(a)], b...), "/")
}

func split(p string) []string {
	if p == "." {
		return nil
	}
	return strings.Split(p, "/")
}

// leadsOut tells whether what r refers to holds a text that climbs out of its
// directory.
func (s *scope) leadsOut(r reference) bool {
	if out, ok := s.out[r]; ok {
		return out
	}
	value := s.local
	if r.root == "var" {
		value = s.variable
	}
	found := false
	v, _ := value(r.name).UnmarkDeep()
	_ = cty.Walk(v, func(_ cty.Path, v cty.Value) (bool, error) {
		text, known := asString(v)
		if !known && !v.IsKnown() && v.Type() == cty.String {
			text = v.Range().StringPrefix()
		}
		found = found || strings.Contains(text, "..") || strings.Contains(text, top)
		return !found, nil
	})
	s.out[r] = found
	return found
}
