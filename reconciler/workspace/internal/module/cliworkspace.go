package module

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// isCLIWorkspaceRef reports whether t refers to the name of the CLI workspace.
func isCLIWorkspaceRef(t hcl.Traversal) bool {
	root := t.RootName()
	name, ok := hcleval.AttrAt(t, 1)
	return ok && name == "workspace" && (root == "terraform" || root == "tofu")
}

// choice is a place where key chooses among the keys or the elements of a collection.
type choice struct{ collection, key hclsyntax.Expression }

// noteChoice notes a place whose key may be terraform.workspace: an index, or the function.
func (m *Module) noteChoice(function string, collection, key hclsyntax.Expression) {
	if function == "" || function == "lookup" || function == "contains" {
		m.choices = append(m.choices, choice{collection, key})
	}
}

// noteComparison notes what terraform.workspace may be compared with.
func (m *Module) noteComparison(n *hclsyntax.BinaryOpExpr) {
	if n.Op == hclsyntax.OpEqual || n.Op == hclsyntax.OpNotEqual {
		m.choices = append(m.choices, choice{n.LHS, n.RHS}, choice{n.RHS, n.LHS})
	}
}

// isCLIWorkspace reports whether x is terraform.workspace, or a local value that is.
func (m *Module) isCLIWorkspace(x hclsyntax.Expression) bool {
	for range maxReferences {
		t, ok := hcleval.Unwrap(x).(*hclsyntax.ScopeTraversalExpr)
		if !ok {
			return false
		}
		if isCLIWorkspaceRef(t.Traversal) {
			return true
		}
		name, _ := hcleval.AttrAt(t.Traversal, 1)
		local, ok := m.locals[name]
		if !ok || t.Traversal.RootName() != "local" || len(t.Traversal) != 2 {
			return false
		}
		x = local.Expression
	}
	return false
}

// CLIWorkspaceNames returns the names that terraform.workspace is expected to have: keys of what
// it chooses from, and texts that it is compared with. They may be unsorted, and repeat.
func (s *Scope) CLIWorkspaceNames() (names []string) {
	for _, c := range s.Module.choices {
		if !s.Module.isCLIWorkspace(c.key) {
			continue
		}
		v, _ := s.Evaluate(c.collection, nil).Unmark()
		if text, ok := hcleval.AsString(v); ok {
			names = append(names, text)
			continue
		}
		if !hcleval.IsIterable(v) {
			continue
		}
		for it := v.ElementIterator(); it.Next(); {
			key, element := it.Element()
			if key.Type() != cty.String || v.Type().IsSetType() {
				key = element
			}
			if text, ok := hcleval.AsString(key); ok {
				names = append(names, text)
			}
		}
	}
	return names
}
