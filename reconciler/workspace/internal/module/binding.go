package module

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// Binding binds names to each element of a collection in turn.
type Binding struct {
	key, value string               // names; of attributes of the root object if object is set
	object     string               // "each", "count", or the iterator of a dynamic block; "" for the names of a for expression
	collection hclsyntax.Expression // the collection to iterate over; for count, the number of instances
}

func repetitionBindings(body *hclsyntax.Body) []Binding {
	if a := body.Attributes["for_each"]; a != nil {
		return []Binding{{key: "key", value: "value", object: "each", collection: a.Expr}}
	}
	if a := body.Attributes["count"]; a != nil {
		return []Binding{{key: "index", object: "count", collection: a.Expr}}
	}
	return nil
}

func dynamicBindings(b *hclsyntax.Block) []Binding {
	each := b.Body.Attributes["for_each"]
	if each == nil {
		return nil
	}
	name := b.Labels[0]
	if a := b.Body.Attributes["iterator"]; a != nil {
		if keyword := hcl.ExprAsKeyword(a.Expr); keyword != "" {
			name = keyword
		}
	}
	return []Binding{{key: "key", value: "value", object: name, collection: each.Expr}}
}

// maxElements is the largest collection whose elements are evaluated one by one. The
// elements of a larger one are unknown, which makes the inputs wider.
const maxElements = 256

// ForEach calls f with the values of the bound names that exprs refer to: once for each
// element of known collections, otherwise once with an unknown value.
func (s *Scope) ForEach(bindings []Binding, names Bound, exprs []hclsyntax.Expression, f func(Bound)) {
	if len(bindings) == 0 {
		f(names)
		return
	}
	b, rest := bindings[0], bindings[1:]
	if !b.isUsedIn(exprs, rest) {
		s.ForEach(rest, names, exprs, f)
		return
	}
	bind := func(values Bound) {
		merged := make(Bound, len(names)+len(values))
		for k, v := range names {
			merged[k] = v
		}
		for k, v := range values {
			merged[k] = v
		}
		s.ForEach(rest, merged, exprs, f)
	}
	for _, collection := range s.PossibleValues(b.collection, names) {
		for _, values := range b.elements(collection) {
			if s.evaluator.steps += valueCost; s.evaluator.steps > maxWorkspaceSteps { // one unknown value stands for the rest
				bind(b.bind(cty.DynamicVal, cty.DynamicVal))
				return
			}
			bind(values)
		}
	}
}

// isUsedIn reports whether an expression, or the collection of an inner binding, refers to
// a name that b binds.
func (b Binding) isUsedIn(exprs []hclsyntax.Expression, rest []Binding) bool {
	for _, e := range exprs {
		if e != nil && b.bindsIn(e) {
			return true
		}
	}
	return slices.ContainsFunc(rest, func(r Binding) bool { return b.bindsIn(r.collection) })
}

func (b Binding) bindsIn(e hclsyntax.Expression) bool {
	return slices.ContainsFunc(hclsyntax.Variables(e), func(t hcl.Traversal) bool {
		name := t.RootName()
		return name == b.object || b.object == "" && (name == b.key || name == b.value)
	})
}

func (b Binding) elements(collection cty.Value) []Bound {
	collection, _ = collection.Unmark()
	if b.object == "count" {
		return b.countValues(collection)
	}
	unknown := []Bound{b.bind(cty.DynamicVal, cty.DynamicVal)}
	if !hcleval.IsIterable(collection) {
		return unknown
	}
	var result []Bound
	for it := collection.ElementIterator(); it.Next(); {
		if len(result) == maxElements {
			return unknown
		}
		k, v := it.Element()
		if t := collection.Type(); t.IsSetType() || b.object == "each" && (t.IsListType() || t.IsTupleType()) {
			k = v
		}
		result = append(result, b.bind(k, v))
	}
	return result
}

// HasZeroInstances reports whether a block has a repetition that certainly has no instance.
func (s *Scope) HasZeroInstances(bindings []Binding) bool {
	return len(bindings) > 0 && len(bindings[0].elements(s.Evaluate(bindings[0].collection, nil))) == 0
}

func (b Binding) countValues(n cty.Value) []Bound {
	if n.IsKnown() && !n.IsNull() && n.Type() == cty.Number {
		if count, accuracy := n.AsBigFloat().Int64(); accuracy == 0 && count <= maxElements {
			var result []Bound
			for i := range max(count, 0) {
				result = append(result, b.bind(cty.NumberIntVal(i), cty.NilVal))
			}
			return result
		}
	}
	return []Bound{b.bind(cty.DynamicVal, cty.NilVal)}
}

func (b Binding) bind(k, v cty.Value) Bound {
	attrs := Bound{}
	if b.key != "" {
		attrs[b.key] = k
	}
	if b.value != "" {
		attrs[b.value] = v
	}
	if b.object == "" {
		return attrs
	}
	return Bound{b.object: cty.ObjectVal(attrs)}
}
