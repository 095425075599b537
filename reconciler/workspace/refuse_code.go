package workspace

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// functions refuses functions by name, and those of providers that may not
// run.
func (r *refusal) functions(file string, x hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(x, func(n hclsyntax.Node) hcl.Diagnostics {
		call, ok := n.(*hclsyntax.FunctionCallExpr)
		if !ok {
			return nil
		}
		if name, ok := strings.CutPrefix(call.Name, "provider::"); ok {
			name, _, _ = strings.Cut(name, "::")
			r.provider(file, call.NameRange, name)
			return nil
		}
		if name := strings.TrimPrefix(call.Name, "core::"); r.trust.refuses(name) {
			r.refuse(file, call.NameRange, name, "%s() is not allowed", name)
		}
		return nil
	})
}

// templateFunctions refuses functions in a template's text.
func (r *refusal) templateFunctions(file string, text []byte) {
	if r == nil || tooDeep(text) {
		return
	}
	x, diags := hclsyntax.ParseTemplate(text, "", hcl.InitialPos)
	if !diags.HasErrors() {
		r.functions(file, x)
	}
}

// path refuses what reads outside the tree, or what could.
func (r *refusal) path(m mention, format string, args ...any) {
	name := strings.TrimSuffix(m.what, "()")
	r.refuse(m.file, m.path.Range(), name, "%s %s", m.what, fmt.Sprintf(format, args...))
}

// remoteModule refuses modules from elsewhere: but for exact versions of those
// that are trusted.
func (r *refusal) remoteModule(c *call, source definition, text string, exact bool) {
	switch {
	case r == nil:
	case !isRegistry(text) || !r.trust.trustsModule(text):
		r.refuse(source.file, source.Range(), "", "module %q comes from elsewhere, and %s is not among those that may be used", c.name, text)
	case !exact:
		r.refuse(source.file, source.Range(), "", "module %q has no exact version", c.name)
	}
}

// remoteState refuses a state that is read in a way that reaches out of the
// cloud, or out of the tree.
func (r *refusal) remoteState(data *resource, backend string, args map[string]string) {
	if r == nil {
		return
	}
	at := hcl.Range{Start: hcl.Pos{Line: data.line}}
	refuse := func(name, format string, args ...any) {
		r.refuse(data.file, at, name, "terraform_remote_state: "+format, args...)
	}
	switch {
	case backend != "s3" && backend != local:
		refuse("terraform_remote_state", "the backend %q is not s3 or local", backend)
	case args == nil:
		refuse("terraform_remote_state", "its config cannot be told before Terraform runs")
	case backend == local && (strings.Contains(args["path"], anyPart) || outside(localPath(r.root.Path, args, defaultWorkspace))):
		refuse("terraform_remote_state", "reads outside the repository")
	}
	for _, name := range sortedKeys(args) {
		if r.trust.refuses(name) {
			refuse(name, "%s is not allowed", name)
		}
	}
}
