// Package module reads the Terraform modules of a tree, and evaluates their expressions for
// one caller: what the files of a directory say, which of its expressions may name files,
// and which values these have as far as they are known. It knows neither the settings nor
// what a workspace is.
package module

import (
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// Module holds the inputs, states and dependencies of one directory of configuration. It is
// the same for all callers.
type Module struct {
	Dir              string
	Variables        map[string]*Variable
	locals           map[string]Definition
	outputs          map[string]Definition
	resources        map[string]*Resource // by address: "aws_x.y", "data.aws_x.y"
	Calls            map[string]*Call
	CallNames        []string // sorted
	PathRefs         []PathRef
	RemoteStates     []*Resource   // terraform_remote_state
	Backend          *BackendBlock // nil if there is none
	Versions         []string      // required_version
	Problems         []*hcleval.Problem
	CLIWorkspaceRefs []*hcleval.Problem // uses of terraform.workspace
	choices          []choice           // what may be chosen by terraform.workspace
	InitInputs       []string           // see initInputs
	Settings         []string           // of providers and the backend, see setting.key

	Mentions     map[string]bool // see addWords: of its literal texts
	RunsPrograms bool            // it runs programs, whose inputs are not known

	providerFunctions map[string]bool // names of called functions of providers
	tokens            int             // see Words
}

func (m *Module) noteProviderFunction(name string) {
	if m.providerFunctions == nil {
		m.providerFunctions = map[string]bool{}
	}
	m.providerFunctions[name] = true
}

// Words returns the number of words and signs of the module's configuration; see
// hcleval.CountTokens.
func (m *Module) Words() int { return m.tokens }

// ListDeclared returns the addresses of the resources and of the modules that it declares, such as
// "aws_vpc.a" and "module.m".
func (m *Module) ListDeclared() (addresses []string) {
	for address := range m.resources {
		if !strings.HasPrefix(address, "data.") && !strings.HasPrefix(address, "ephemeral.") {
			addresses = append(addresses, address)
		}
	}
	for _, name := range m.CallNames {
		addresses = append(addresses, "module."+name)
	}
	return addresses
}

// NeedsValues reports whether a variable has no default.
func (m *Module) NeedsValues() bool {
	for _, v := range m.Variables {
		if v.defaultExpr == nil {
			return true
		}
	}
	return false
}

// Variable is the declaration of a variable.
type Variable struct {
	defaultExpr    hclsyntax.Expression // nil: none
	typeConstraint cty.Type             // cty.NilType: none, or not valid
	typeDefaults   *typeexpr.Defaults   // of optional attributes; nil: none
	notNull        bool                 // a null argument means the default
	IsSensitive    bool                 // or may be: sensitive is no literal false
}

// Default returns the default of a variable, if it is a constant; ok is false without one.
func (v *Variable) Default() (value cty.Value, ok bool) {
	if v.defaultExpr == nil {
		return cty.NilVal, false
	}
	value, diags := hcleval.Evaluate(v.defaultExpr, nil)
	return value, !diags.HasErrors()
}

// Definition is an expression and its file.
type Definition struct {
	hclsyntax.Expression
	File string // repository path
}

// Resource is a resource or data source that others may refer to, or that reads a state.
type Resource struct {
	Attributes map[string]Definition
	Bindings   []Binding // each.* or count.index
	File       string
	Line       int
}

// Call is a module block.
type Call struct {
	Name      string
	Arguments map[string]Definition
	Bindings  []Binding // each.* or count.index
	PathRefs  []PathRef // texts among the arguments, which count if the module is not in the tree
}

// metaArguments are the arguments of a module block that are not passed to the module.
var metaArguments = []string{"source", "version", "count", "for_each", "providers", "depends_on"}

// BackendBlock is the backend or cloud block of the terraform block.
type BackendBlock struct {
	Kind           string
	Arguments      map[string]Definition
	File           string
	Block          *hclsyntax.Block
	InOverrideFile bool // the block is in an override file
}

// addBlock adds one top-level block. Blocks of override files come last, so that they
// override the others.
func (m *Module) addBlock(file string, b *hclsyntax.Block) {
	label := func(i int) string {
		if i < len(b.Labels) {
			return b.Labels[i]
		}
		return ""
	}
	attrs := b.Body.Attributes
	c := &pathRefVisitor{module: m, refs: &m.PathRefs, file: file}
	switch b.Type {
	case "variable":
		m.addVariable(label(0), attrs)
	case "locals":
		for name, a := range attrs {
			m.locals[name] = definitionOf(file, a)
			m.noteMentions(a.Expr)
		}
	case "output":
		if v := attrs["value"]; v != nil {
			m.outputs[label(0)] = definitionOf(file, v)
		}
	case "module":
		m.addCall(file, label(0), b)
	case "terraform":
		m.addTerraform(file, b)
	case "data", "resource", "ephemeral":
		c.inData = b.Type != "resource"
		// The path of a state is not an input: the state is not a file of the tree.
		c.withAttributes = label(0) != "terraform_remote_state"
		m.RunsPrograms = m.RunsPrograms || label(0) == "external" || runsProgram(b.Body)
		m.addResource(file, b.Type, label(0), label(1), b)
	case "action":
		c.withAttributes = true
		m.RunsPrograms = true
	case "removed":
		c.withAttributes = true
		m.RunsPrograms = m.RunsPrograms || runsProgram(b.Body)
	case "check":
		c.withAttributes = true
		m.RunsPrograms = m.RunsPrograms || attrs["data"] != nil // of JSON: its type is not read
		for _, inner := range b.Body.Blocks {
			if inner.Type == "data" && len(inner.Labels) == 2 {
				m.addResource(file, inner.Type, inner.Labels[0], inner.Labels[1], inner)
				m.RunsPrograms = m.RunsPrograms || inner.Labels[0] == "external"
			}
		}
	case "provider":
		c.withAttributes = true
		m.addSettings(b)
	}
	c.visitBlock(b)
}

// runsProgram reports whether a resource runs a program on this machine. A provisioner of
// JSON is an attribute: which one it is, is not read.
func runsProgram(body *hclsyntax.Body) bool {
	return body.Attributes["provisioner"] != nil || slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool {
		return b.Type == "provisioner" && len(b.Labels) > 0 && b.Labels[0] == "local-exec"
	})
}

func definitionOf(file string, a *hclsyntax.Attribute) Definition { return Definition{a.Expr, file} }

func (m *Module) addVariable(name string, attrs hclsyntax.Attributes) {
	v := m.Variables[name]
	if v == nil {
		v = &Variable{}
		m.Variables[name] = v
	}
	if a := attrs["default"]; a != nil {
		v.defaultExpr = a.Expr
		m.noteMentions(a.Expr)
	}
	if a := attrs["type"]; a != nil {
		var diags hcl.Diagnostics
		if v.typeConstraint, v.typeDefaults, diags = typeexpr.TypeConstraintWithDefaults(a.Expr); diags.HasErrors() {
			v.typeConstraint = cty.NilType
		}
	}
	for _, name := range []string{"sensitive", "ephemeral"} {
		if a := attrs[name]; a != nil {
			is, diags := hcleval.Evaluate(a.Expr, nil)
			v.IsSensitive = v.IsSensitive || diags.HasErrors() || is.Type() != cty.Bool || !is.IsKnown() || is.IsNull() || is.True()
		}
	}
	if a := attrs["nullable"]; a != nil {
		nullable, diags := hcleval.Evaluate(a.Expr, nil)
		v.notNull = !diags.HasErrors() && nullable.Type() == cty.Bool && nullable.IsKnown() && nullable.False()
	}
}

func (m *Module) addCall(file, name string, b *hclsyntax.Block) {
	c := m.Calls[name]
	if c == nil {
		c = &Call{Name: name, Arguments: map[string]Definition{}}
		m.Calls[name] = c
	}
	for key, a := range b.Body.Attributes {
		c.Arguments[key] = definitionOf(file, a)
	}
	if bindings := repetitionBindings(b.Body); bindings != nil {
		c.Bindings = bindings
	}
	texts := &pathRefVisitor{module: m, refs: &c.PathRefs, file: file, bindings: c.Bindings}
	for key, a := range b.Body.Attributes {
		if !slices.Contains(metaArguments, key) {
			texts.addAttribute(key, a.Expr)
			m.noteMentions(a.Expr)
		}
	}
}

func (m *Module) addTerraform(file string, b *hclsyntax.Block) {
	if v := b.Body.Attributes["required_version"]; v != nil {
		if text, ok := hcleval.ConstantString(v.Expr); ok && !slices.Contains(m.Versions, text) {
			m.Versions = append(m.Versions, text)
		}
	}
	for _, inner := range b.Body.Blocks {
		switch {
		case inner.Type == "backend" && len(inner.Labels) == 1:
			m.Backend = &BackendBlock{Kind: inner.Labels[0], Arguments: definitionsOf(file, inner.Body), File: file, Block: inner, InOverrideFile: repotree.IsOverride(path.Base(file))}
			m.addSettings(inner)
		case inner.Type == "cloud":
			m.Backend = &BackendBlock{Kind: "cloud", File: file, Block: inner, InOverrideFile: repotree.IsOverride(path.Base(file))}
		}
	}
}

func (m *Module) addResource(file, class, kind, name string, b *hclsyntax.Block) {
	address := kind + "." + name
	if class != "resource" {
		address = class + "." + address
	}
	r := m.resources[address]
	if r == nil {
		r = &Resource{Attributes: map[string]Definition{}, File: file, Line: b.TypeRange.Start.Line}
		m.resources[address] = r
		if class == "data" && kind == "terraform_remote_state" {
			m.RemoteStates = append(m.RemoteStates, r)
		}
	}
	for key, a := range b.Body.Attributes {
		r.Attributes[key] = definitionOf(file, a)
	}
	if bindings := repetitionBindings(b.Body); bindings != nil {
		r.Bindings = bindings
	}
}

func definitionsOf(file string, body *hclsyntax.Body) map[string]Definition {
	result := map[string]Definition{}
	for name, a := range body.Attributes {
		result[name] = definitionOf(file, a)
	}
	return result
}

// Expressions returns the arguments that are passed to the module.
func (c *Call) Expressions() []hclsyntax.Expression {
	var exprs []hclsyntax.Expression
	for name, d := range c.Arguments {
		if !slices.Contains(metaArguments, name) {
			exprs = append(exprs, d.Expression)
		}
	}
	return exprs
}

// HasSeveralWorkspaces reports whether a cloud or remote backend has more than one
// workspace.
func (b *BackendBlock) HasSeveralWorkspaces() bool {
	for _, inner := range b.Block.Body.Blocks {
		attrs := inner.Body.Attributes
		if inner.Type == "workspaces" && (attrs["tags"] != nil || attrs["prefix"] != nil) {
			return true
		}
	}
	return false
}

// ExpressionsOf returns the expressions of definitions that exist.
func ExpressionsOf(definitions ...Definition) []hclsyntax.Expression {
	var result []hclsyntax.Expression
	for _, d := range definitions {
		if d.Expression != nil {
			result = append(result, d.Expression)
		}
	}
	return result
}
