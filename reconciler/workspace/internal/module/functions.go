package module

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// maxReadSize is the size in bytes of the largest file whose content is evaluated.
const maxReadSize = 1 << 20

// treeFunctions returns the functions that read the tree, relative to the workspace's
// directory.
func (e *Evaluator) treeFunctions() *hcl.EvalContext {
	ctx := hcleval.PureFunctions.NewChild()
	ctx.Functions = map[string]function.Function{
		"abspath": hcleval.StringFunc(func(s string) (string, error) {
			if path.IsAbs(s) {
				return path.Clean(s), nil
			}
			return path.Join(RepoRoot, e.root, s), nil
		}),
		"file":       e.contentFunc(func(b []byte) string { return string(b) }),
		"filebase64": e.contentFunc(base64.StdEncoding.EncodeToString),
		"fileexists": e.existsFunc(),
		"fileset":    e.filesetFunc(),

		"templatefile":   e.templateFunc(),
		"templatestring": e.templateStringFunc(),
	}
	for name := range fileFunctions {
		if _, ok := ctx.Functions[name]; !ok { // rendered or hashed content names no path
			ctx.Functions[name] = unknownContentFunc
		}
	}
	for name, f := range ctx.Functions {
		if !strings.Contains(name, ":") {
			ctx.Functions["core::"+name] = f
		}
	}
	return ctx
}

var unknownContentFunc = function.New(&function.Spec{
	VarParam: hcleval.AnyParameter,
	Type:     function.StaticReturnType(cty.String),
	Impl: func([]cty.Value, cty.Type) (cty.Value, error) {
		return cty.UnknownVal(cty.String).Mark(ContentMark), nil
	},
})

func (e *Evaluator) contentFunc(encode func([]byte) string) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String, AllowUnknown: true}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if p, ok := e.RepoPathOf(args[0]); ok {
				if b, err := repotree.ReadFile(e.loader.tree, p, maxReadSize); err == nil {
					return cty.StringVal(encode(b)).Mark(ContentMark), nil
				}
			}
			return cty.UnknownVal(cty.String).Mark(ContentMark), nil
		},
	})
}

// templateFunc renders a template with known variables. Within a template, the functions
// that render templates are unknown.
func (e *Evaluator) templateFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String, AllowUnknown: true}, *hcleval.AnyParameter},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return e.render(args[0], args[1]).Mark(ContentMark), nil
		},
	})
}

// templateStringFunc renders a text as a template.
func (e *Evaluator) templateStringFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "template", Type: cty.String}, *hcleval.AnyParameter},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return e.renderText("templatestring", []byte(args[0].AsString()), args[1]), nil
		},
	})
}

func (e *Evaluator) render(file, variables cty.Value) cty.Value {
	unknown := cty.UnknownVal(cty.String)
	p, ok := e.RepoPathOf(file)
	if !ok {
		return unknown
	}
	text, err := repotree.ReadFile(e.loader.tree, p, maxReadSize)
	if err != nil {
		return unknown
	}
	return e.renderText(p, text, variables)
}

// renderText renders a template. Its variables are the elements of an object or a map.
func (e *Evaluator) renderText(name string, text []byte, variables cty.Value) cty.Value {
	unknown := cty.UnknownVal(cty.String)
	if !hcleval.IsIterable(variables) || !variables.Type().IsObjectType() && !variables.Type().IsMapType() || e.steps > maxWorkspaceSteps {
		return unknown
	}
	x, err := hcleval.ParseTemplate(name, text)
	if err != nil {
		return unknown
	}
	ctx := e.functionContext().NewChild()
	ctx.Functions = map[string]function.Function{}
	for _, name := range []string{"templatefile", "templatestring"} {
		ctx.Functions[name], ctx.Functions["core::"+name] = unknownContentFunc, unknownContentFunc
	}
	ctx.Variables = variables.AsValueMap()
	if ctx.Variables == nil {
		ctx.Variables = map[string]cty.Value{}
	}
	meter := &hcleval.Meter{}
	rendered, ok := meter.EvaluatePartially(x, ctx)
	e.steps += len(text)/64 + meter.Steps
	if rendered, _ = rendered.Unmark(); !ok || rendered.Type() != cty.String {
		return unknown
	}
	return rendered
}

func (e *Evaluator) existsFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			p, ok := e.RepoPathOf(args[0])
			if !ok {
				return cty.UnknownVal(cty.Bool), nil
			}
			return cty.BoolVal(repotree.IsFile(e.loader.tree, p)), nil
		},
	})
}

func (e *Evaluator) filesetFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			dir, ok := e.RepoPathOf(args[0])
			if !ok {
				return cty.UnknownVal(cty.Set(cty.String)), nil
			}
			return e.globFiles(dir, args[1].AsString())
		},
	})
}

// maxFiles is the maximum number of files of a fileset whose elements are used.
const maxFiles = 10_000

var errTooManyFiles = errors.New("too many files")

func (e *Evaluator) globFiles(dir, pattern string) (cty.Value, error) {
	unknown := cty.UnknownVal(cty.Set(cty.String))
	full := path.Join(dir, pattern)
	if repotree.IsOutside(full) || e.mayFollowLinks(full) {
		return unknown, nil
	}
	var found []cty.Value
	err := doublestar.GlobWalk(e.loader.tree, full, func(p string, d fs.DirEntry) error {
		if len(found) == maxFiles {
			return errTooManyFiles
		}
		found = append(found, cty.StringVal(repotree.RelativePath(dir, p)))
		return nil
	}, doublestar.WithFilesOnly(), doublestar.WithNoFollow())
	if err != nil {
		return unknown, nil
	}
	if len(found) == 0 {
		return cty.SetValEmpty(cty.String), nil
	}
	return cty.SetVal(found), nil
}

// mayFollowLinks reports whether a pattern may match files through links to directories, as
// Terraform follows them. They may be without end, so they are not listed.
func (e *Evaluator) mayFollowLinks(pattern string) bool {
	base, rest := doublestar.SplitPattern(pattern)
	if !strings.Contains(rest, "/") && !strings.Contains(rest, "**") {
		return false
	}
	o, err := repotree.ResolveLinks(e.loader.tree, base)
	return err == nil && o.Dir && len(repotree.LinkedDirs(e.loader.tree, o.Path)) > 0
}

// reliableFunctions return the same here as in every version of Terraform and OpenTofu,
// independent of the disk. In the policy check, any other result is unknown: with a
// difference, an author could have one value checked and another one used.
var reliableFunctions = []string{
	"concat", "endswith", "format", "join", "keys", "lower", "merge", "replace", "startswith", "strcontains", "substr",
	"tolist", "tomap", "toset", "tostring", "trimprefix", "trimspace", "trimsuffix", "upper", "values",
}

// restrictedFunctions returns the reliable functions of Terraform; the others are known by
// name only.
func restrictedFunctions() *hcl.EvalContext {
	functions := map[string]function.Function{}
	for name := range hcleval.PureFunctions.Functions {
		functions[name] = hcleval.UnknownFunc
	}
	for name := range fileFunctions {
		functions[name], functions["core::"+name] = hcleval.UnknownFunc, hcleval.UnknownFunc
	}
	functions["abspath"], functions["core::abspath"] = hcleval.UnknownFunc, hcleval.UnknownFunc
	for _, name := range reliableFunctions {
		functions[name], functions["core::"+name] = hcleval.PureFunctions.Functions[name], hcleval.PureFunctions.Functions[name]
	}
	return &hcl.EvalContext{Functions: functions}
}
