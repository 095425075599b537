package workspace

import (
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// module holds the inputs, states and dependencies of one directory of configuration. It is
// the same for all callers.
type module struct {
	dir              string
	variables        map[string]*variable
	locals           map[string]definition
	outputs          map[string]definition
	resources        map[string]*resource // by address: "aws_x.y", "data.aws_x.y"
	calls            map[string]*moduleCall
	pathRefs         []pathRef
	remoteStates     []*resource   // terraform_remote_state
	backend          *backendBlock // nil if there is none
	versions         []string      // required_version
	problems         []*hcleval.Problem
	cliWorkspaceRefs []*hcleval.Problem // uses of terraform.workspace
	init             []string           // see initInputs
	settings         []string           // of providers and the backend, see setting.key
}

// variable is the declaration of a variable; both expressions may be nil.
type variable struct {
	defaultExpr, typeConstraint hclsyntax.Expression
	notNull                     bool // a null argument means the default
}

// definition is an expression and its file.
type definition struct {
	hclsyntax.Expression
	file string // repository path
}

// resource is a resource or data source that others may refer to, or that reads a state.
type resource struct {
	attributes map[string]definition
	bindings   []binding // each.* or count.index
	file       string
	line       int
}

type moduleCall struct {
	name      string
	arguments map[string]definition
	bindings  []binding // each.* or count.index
}

// metaArguments are the arguments of a module block that are not passed to the module.
var metaArguments = []string{"source", "version", "count", "for_each", "providers", "depends_on"}

// backendBlock is the backend or cloud block of the terraform block.
type backendBlock struct {
	kind           string
	arguments      map[string]definition
	file           string
	block          *hclsyntax.Block
	inOverrideFile bool // the block is in an override file
}

// loadModule returns the module in the directory dir. It follows links to dir: relative
// paths in the module start from the real directory, as in Terraform.
func (l *Loader) loadModule(dir string) (*module, error) {
	return l.modules.get(dir, func() (*module, error) {
		o, err := repotree.ResolveLinks(l.tree, dir)
		if err != nil {
			return nil, err
		}
		if !o.Dir {
			return nil, fmt.Errorf("there is no directory %s", dir)
		}
		files, problems, err := l.parseDir(o.Path)
		if err != nil {
			return nil, err
		}
		m := &module{
			dir: o.Path, problems: problems,
			variables: map[string]*variable{}, locals: map[string]definition{}, outputs: map[string]definition{},
			resources: map[string]*resource{}, calls: map[string]*moduleCall{},
		}
		for _, f := range files {
			if l.hidesConditions {
				hcleval.HideConditions(f.body)
			}
			for _, b := range f.body.Blocks {
				m.addBlock(path.Join(o.Path, f.name), b)
				m.init = append(m.init, f.initInputs(b)...)
			}
		}
		return m, nil
	})
}

// requireConfig returns an error if a directory has no configuration for the product.
func (l *Loader) requireConfig(dir string) error {
	entries, err := l.tree.ReadDir(dir)
	if err != nil || len(l.product.ConfigFiles(entries)) > 0 {
		return err
	}
	if files := repotree.OpenTofu.ConfigFiles(entries); len(files) > 0 {
		return fmt.Errorf("%s has only OpenTofu configuration (%s), which Terraform does not read: rename the files to .tf, or run OpenTofu (--terraform tofu)", dir, files[0].Name())
	}
	return fmt.Errorf("%s has no Terraform configuration", dir)
}

// addBlock adds one top-level block. Blocks of override files come last, so that they
// override the others.
func (m *module) addBlock(file string, b *hclsyntax.Block) {
	label := func(i int) string {
		if i < len(b.Labels) {
			return b.Labels[i]
		}
		return ""
	}
	attrs := b.Body.Attributes
	c := &pathRefVisitor{module: m, file: file}
	switch b.Type {
	case "variable":
		m.addVariable(label(0), attrs)
	case "locals":
		for name, a := range attrs {
			m.locals[name] = definitionOf(file, a)
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
		m.addResource(file, b.Type, label(0), label(1), b)
	case "check":
		c.withAttributes = true
		for _, inner := range b.Body.Blocks {
			if inner.Type == "data" && len(inner.Labels) == 2 {
				m.addResource(file, inner.Type, inner.Labels[0], inner.Labels[1], inner)
			}
		}
	case "provider":
		c.withAttributes = true
		m.addSettings(b)
	}
	c.visitBlock(b)
}

func definitionOf(file string, a *hclsyntax.Attribute) definition { return definition{a.Expr, file} }

func (m *module) addVariable(name string, attrs hclsyntax.Attributes) {
	v := m.variables[name]
	if v == nil {
		v = &variable{}
		m.variables[name] = v
	}
	if a := attrs["default"]; a != nil {
		v.defaultExpr = a.Expr
	}
	if a := attrs["type"]; a != nil {
		v.typeConstraint = a.Expr
	}
	if a := attrs["nullable"]; a != nil {
		nullable, diags := hcleval.Evaluate(a.Expr, nil)
		v.notNull = !diags.HasErrors() && nullable.Type() == cty.Bool && nullable.IsKnown() && nullable.False()
	}
}

func (m *module) addCall(file, name string, b *hclsyntax.Block) {
	c := m.calls[name]
	if c == nil {
		c = &moduleCall{name: name, arguments: map[string]definition{}}
		m.calls[name] = c
	}
	for key, a := range b.Body.Attributes {
		c.arguments[key] = definitionOf(file, a)
	}
	if bindings := repetitionBindings(b.Body); bindings != nil {
		c.bindings = bindings
	}
}

func (m *module) addTerraform(file string, b *hclsyntax.Block) {
	if v := b.Body.Attributes["required_version"]; v != nil {
		if text, ok := hcleval.ConstantString(v.Expr); ok && !slices.Contains(m.versions, text) {
			m.versions = append(m.versions, text)
		}
	}
	for _, inner := range b.Body.Blocks {
		switch {
		case inner.Type == "backend" && len(inner.Labels) == 1:
			m.backend = &backendBlock{kind: inner.Labels[0], arguments: definitionsOf(file, inner.Body), file: file, block: inner, inOverrideFile: repotree.IsOverride(path.Base(file))}
			m.addSettings(inner)
		case inner.Type == "cloud":
			m.backend = &backendBlock{kind: "cloud", file: file, block: inner, inOverrideFile: repotree.IsOverride(path.Base(file))}
		}
	}
}

func (m *module) addResource(file, class, kind, name string, b *hclsyntax.Block) {
	address := kind + "." + name
	if class != "resource" {
		address = class + "." + address
	}
	r := m.resources[address]
	if r == nil {
		r = &resource{attributes: map[string]definition{}, file: file, line: b.TypeRange.Start.Line}
		m.resources[address] = r
		if class == "data" && kind == "terraform_remote_state" {
			m.remoteStates = append(m.remoteStates, r)
		}
	}
	for key, a := range b.Body.Attributes {
		r.attributes[key] = definitionOf(file, a)
	}
	if bindings := repetitionBindings(b.Body); bindings != nil {
		r.bindings = bindings
	}
}

func definitionsOf(file string, body *hclsyntax.Body) map[string]definition {
	result := map[string]definition{}
	for name, a := range body.Attributes {
		result[name] = definitionOf(file, a)
	}
	return result
}
