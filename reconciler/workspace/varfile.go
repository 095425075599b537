package workspace

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
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
	text, err := readFile(e.tree, p, maxConfig)
	if err != nil {
		return nil, []*Problem{{File: p, Text: err.Error()}}
	}
	body, wrong := parseAttributes(p, text)
	if len(wrong) > 0 {
		return nil, wrong
	}
	attrs, diags := body.JustAttributes()
	values := map[string]cty.Value{}
	for name, a := range attrs {
		v, more := boundedValue(a.Expr, nil)
		diags = append(diags, more...)
		values[name] = v
	}
	return values, problems(p, diags)
}

// parseAttributes parses a file of attributes in either syntax.
func parseAttributes(p string, text []byte) (hcl.Body, []*Problem) {
	if !strings.HasSuffix(p, ".json") {
		body, wrong := parse(p, text)
		return body, wrong
	}
	if nestsTooDeep(text) {
		return nil, []*Problem{{File: p, Text: nestedTooDeep}}
	}
	file, diags := json.Parse(text, "")
	return file.Body, problems(p, diags)
}
