// Package hcleval reads HCL that anyone may have written: it parses one file, and evaluates
// one expression, within limits of size, nesting and steps. What is beyond a limit is a
// Problem of the file or an unknown value. It knows the syntax and the functions of
// Terraform that need no files, but no modules, settings or workspaces.
package hcleval

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"
)

const tooDeepText = "expressions are nested too deeply"

// Parse parses one configuration file. It translates JSON, so that all code examines one
// syntax.
func Parse(p string, text []byte) (*hclsyntax.Body, []*Problem) {
	if problem := checkTokenCount(p, text); problem != nil {
		return nil, []*Problem{problem}
	}
	if strings.HasSuffix(p, ".json") {
		b, problems := parseJSON(p, text)
		if b != nil {
			meterTree(b)
		}
		return b, problems
	}
	if isTooDeep(text, hclsyntax.LexConfig) {
		return nil, []*Problem{{File: p, Text: tooDeepText}}
	}
	f, diags := hclsyntax.ParseConfig(text, p, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, ProblemsOf(p, diags)
	}
	b := f.Body.(*hclsyntax.Body)
	meterTree(b)
	return b, nil
}

// ParseTemplate parses the text of a template. The error is a *Problem if the template
// nests too deeply or is too large.
func ParseTemplate(p string, text []byte) (hclsyntax.Expression, error) {
	if problem := checkTokenCount(p, text); problem != nil {
		return nil, problem
	}
	if isTooDeep(text, hclsyntax.LexTemplate) {
		return nil, &Problem{File: p, Text: tooDeepText}
	}
	x, diags := hclsyntax.ParseTemplate(text, p, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	meterTree(x)
	return x, nil
}

// ParseAttributes parses a file of attributes in HCL or JSON.
func ParseAttributes(p string, text []byte) (hcl.Body, []*Problem) {
	if !strings.HasSuffix(p, ".json") {
		body, problems := Parse(p, text)
		return body, problems
	}
	if problem := checkTokenCount(p, text); problem != nil {
		return nil, []*Problem{problem}
	}
	if isJSONTooDeep(text) {
		return nil, []*Problem{{File: p, Text: tooDeepText}}
	}
	file, diags := hcljson.Parse(text, "")
	return file.Body, ProblemsOf(p, diags)
}
