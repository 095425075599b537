package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// autoVarFiles returns the variable files that Terraform loads automatically. Later files
// override earlier ones.
func (e *evaluation) autoVarFiles() []string {
	entries, err := e.tree.ReadDir(e.root.Path)
	if err != nil {
		return nil // Load reports it
	}
	var first, auto []string
	for _, entry := range entries {
		name := entry.Name()
		p := path.Join(e.root.Path, name)
		switch {
		case name == "terraform.tfvars", name == "terraform.tfvars.json":
			first = append(first, p)
		case strings.HasSuffix(name, ".auto.tfvars"), strings.HasSuffix(name, ".auto.tfvars.json"):
			auto = append(auto, p)
		}
	}
	slices.Sort(first)
	slices.Sort(auto)
	return append(first, auto...)
}

// readVarFile returns the values in a variable file, or in another file of constant
// attributes.
func (e *evaluation) readVarFile(p string) (map[string]cty.Value, []*hcleval.Problem) {
	text, err := repotree.ReadFile(e.tree, p, hcleval.MaxConfigSize)
	if err != nil {
		return nil, []*hcleval.Problem{{File: p, Text: err.Error()}}
	}
	body, problems := hcleval.ParseAttributes(p, text)
	if len(problems) > 0 {
		return nil, problems
	}
	attrs, diags := body.JustAttributes()
	values := map[string]cty.Value{}
	for name, a := range attrs {
		v, more := hcleval.Evaluate(a.Expr, nil)
		diags = append(diags, more...)
		values[name] = v
	}
	return values, hcleval.ProblemsOf(p, diags)
}
