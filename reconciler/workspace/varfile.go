package workspace

import (
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/repotree"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/json"
	"github.com/zclconf/go-cty/cty"
)

// autoVarFiles returns the variable files that Terraform loads automatically. Later files
// override earlier ones.
func (e *evaluation) autoVarFiles() []string {
	entries, err := e.tree.ReadDir(e.root.Path)
	if err != nil {
		return nil // loadModule reports it
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
func (e *evaluation) readVarFile(p string) (map[string]cty.Value, []*Problem) {
	text, err := repotree.ReadFile(e.tree, p, maxConfigSize)
	if err != nil {
		return nil, []*Problem{{File: p, Text: err.Error()}}
	}
	body, problems := parseAttributes(p, text)
	if len(problems) > 0 {
		return nil, problems
	}
	attrs, diags := body.JustAttributes()
	values := map[string]cty.Value{}
	for name, a := range attrs {
		v, more := evaluateBounded(a.Expr, nil)
		diags = append(diags, more...)
		values[name] = v
	}
	return values, problemsOf(p, diags)
}

// parseAttributes parses a file of attributes in HCL or JSON.
func parseAttributes(p string, text []byte) (hcl.Body, []*Problem) {
	if !strings.HasSuffix(p, ".json") {
		body, problems := parse(p, text)
		return body, problems
	}
	if isJSONTooDeep(text) {
		return nil, []*Problem{{File: p, Text: tooDeepText}}
	}
	file, diags := json.Parse(text, "")
	return file.Body, problemsOf(p, diags)
}
