package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// ownVarFiles returns the variable files that Terraform loads by itself, in
// the order in which later ones win.
func (e *evaluation) ownVarFiles() []string {
	entries, err := e.tree.ReadDir(e.root.Path)
	if err != nil {
		return nil // reported by module
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

// varFile returns the values in a variable file, or any other file of
// attributes that are constants.
func (e *evaluation) varFile(p string) (map[string]cty.Value, []*Problem) {
	text, err := readFile(e.tree, p)
	if err != nil {
		return nil, []*Problem{{File: p, Text: err.Error()}}
	}
	parse := func(text []byte) (*hcl.File, hcl.Diagnostics) {
		return hclsyntax.ParseConfig(text, "", hcl.InitialPos)
	}
	if strings.HasSuffix(p, ".json") {
		parse = func(text []byte) (*hcl.File, hcl.Diagnostics) { return json.Parse(text, "") }
	}
	file, diags := parse(text)
	if diags.HasErrors() {
		return nil, problems(p, diags)
	}
	attrs, diags := file.Body.JustAttributes()
	values := map[string]cty.Value{}
	for name, a := range attrs {
		v, more := a.Expr.Value(nil)
		diags = append(diags, more...)
		values[name] = v
	}
	return values, problems(p, diags)
}
