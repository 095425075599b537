package workspace

import (
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// module is what one directory of configuration says, as far as inputs,
// states and dependencies go. It is the same for all who call it.
type module struct {
	dir       string
	variables map[string]*variable
	locals    map[string]definition
	outputs   map[string]definition
	resources map[string]*resource // by address: "aws_x.y", "data.aws_x.y"
	calls     map[string]*call
	mentions  []mention
	reads     []*resource   // terraform_remote_state
	backend   *backendBlock // nil when there is none
	versions  []string      // required_version
	problems  []*Problem
	cli       []*Problem // where terraform.workspace is used
	init      []string   // what init makes something of
	settings  []string   // of providers and the backend
}

// variable is a variable's declaration; both expressions may be missing.
type variable struct {
	fallback, constraint hclsyntax.Expression
	notNull              bool // null stands for the fallback
}

// definition is an expression and the file that it stands in.
type definition struct {
	hclsyntax.Expression
	file string // repository path
}

// resource is a resource or data source: what others may refer to, or which
// state it reads.
type resource struct {
	attributes map[string]definition
	bindings   []binding // each.* or count.index
	file       string
	line       int
}

// call is a module block.
type call struct {
	name      string
	arguments map[string]definition
	bindings  []binding // each.* or count.index
}

// meta are the arguments of a module block that are not handed to the module.
var metaArguments = []string{"source", "version", "count", "for_each", "providers", "depends_on"}

// backendBlock is the terraform block's backend, or its cloud block.
type backendBlock struct {
	kind      string
	arguments map[string]definition
	file      string
	block     *hclsyntax.Block
	override  bool // an override file says so
}

// module returns what the directory dir says. Links to it are followed: what
// the module calls lies beside the real directory, as Terraform sees it.
func (l *Loader) module(dir string) (*module, error) {
	return l.modules.get(dir, func() (*module, error) {
		o, err := resolve(l.tree, dir)
		if err != nil {
			return nil, err
		}
		if !o.dir {
			return nil, fmt.Errorf("there is no directory %s", dir)
		}
		files, wrong, err := l.parseDir(o.path)
		if err != nil {
			return nil, err
		}
		m := &module{
			dir: o.path, problems: wrong,
			variables: map[string]*variable{}, locals: map[string]definition{}, outputs: map[string]definition{},
			resources: map[string]*resource{}, calls: map[string]*call{},
		}
		for _, f := range files {
			if l.doubtful {
				doubt(f.body)
			}
			for _, b := range f.body.Blocks {
				m.add(path.Join(o.path, f.name), b)
				m.init = append(m.init, f.initOf(b)...)
			}
		}
		return m, nil
	})
}

// hasConfig returns an error where a directory holds no configuration for the
// product.
func (l *Loader) hasConfig(dir string) error {
	entries, err := l.tree.ReadDir(dir)
	if err != nil || len(l.product.configFiles(entries)) > 0 {
		return err
	}
	if files := OpenTofu.configFiles(entries); len(files) > 0 {
		return fmt.Errorf("%s holds configuration for OpenTofu alone (%s), and the program is Terraform, which does not read it: rename it to .tf, or run OpenTofu (--terraform tofu)", dir, files[0].Name())
	}
	return fmt.Errorf("%s holds no configuration", dir)
}

// add takes in one top-level block. Blocks of override files come last, so
// what is set twice is overridden.
func (m *module) add(file string, b *hclsyntax.Block) {
	label := func(i int) string {
		if i < len(b.Labels) {
			return b.Labels[i]
		}
		return ""
	}
	attrs := b.Body.Attributes
	c := &collector{module: m, file: file}
	switch b.Type {
	case "variable":
		m.addVariable(label(0), attrs)
	case "locals":
		for name, a := range attrs {
			m.locals[name] = define(file, a)
		}
	case "output":
		if v := attrs["value"]; v != nil {
			m.outputs[label(0)] = define(file, v)
		}
	case "module":
		m.addCall(file, label(0), b)
	case "terraform":
		m.addTerraform(file, b)
	case "data", "resource", "ephemeral":
		c.data = b.Type != "resource"
		// A state is no file of the tree, even if it is read by path.
		c.paths = label(0) != "terraform_remote_state"
		m.addResource(file, b.Type, label(0), label(1), b)
	case "check":
		c.paths = true
		for _, inner := range b.Body.Blocks {
			if inner.Type == "data" && len(inner.Labels) == 2 {
				m.addResource(file, inner.Type, inner.Labels[0], inner.Labels[1], inner)
			}
		}
	case "provider":
		c.paths = true
		m.addSettings(b)
	}
	c.block(b)
}

func define(file string, a *hclsyntax.Attribute) definition { return definition{a.Expr, file} }

func (m *module) addVariable(name string, attrs hclsyntax.Attributes) {
	v := m.variables[name]
	if v == nil {
		v = &variable{}
		m.variables[name] = v
	}
	if a := attrs["default"]; a != nil {
		v.fallback = a.Expr
	}
	if a := attrs["type"]; a != nil {
		v.constraint = a.Expr
	}
	if a := attrs["nullable"]; a != nil {
		nullable, diags := boundedValue(a.Expr, nil)
		v.notNull = !diags.HasErrors() && nullable.Type() == cty.Bool && nullable.IsKnown() && nullable.False()
	}
}

func (m *module) addCall(file, name string, b *hclsyntax.Block) {
	c := m.calls[name]
	if c == nil {
		c = &call{name: name, arguments: map[string]definition{}}
		m.calls[name] = c
	}
	for key, a := range b.Body.Attributes {
		c.arguments[key] = define(file, a)
	}
	if repeated := repetition(b.Body); repeated != nil {
		c.bindings = repeated
	}
}

func (m *module) addTerraform(file string, b *hclsyntax.Block) {
	if v := b.Body.Attributes["required_version"]; v != nil {
		if text, ok := constant(v.Expr); ok && !slices.Contains(m.versions, text) {
			m.versions = append(m.versions, text)
		}
	}
	for _, inner := range b.Body.Blocks {
		switch {
		case inner.Type == "backend" && len(inner.Labels) == 1:
			m.backend = &backendBlock{kind: inner.Labels[0], arguments: definitions(file, inner.Body), file: file, block: inner, override: isOverride(path.Base(file))}
			m.addSettings(inner)
		case inner.Type == "cloud":
			m.backend = &backendBlock{kind: "cloud", file: file, block: inner, override: isOverride(path.Base(file))}
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
			m.reads = append(m.reads, r)
		}
	}
	for key, a := range b.Body.Attributes {
		r.attributes[key] = define(file, a)
	}
	if repeated := repetition(b.Body); repeated != nil {
		r.bindings = repeated
	}
}

func definitions(file string, body *hclsyntax.Body) map[string]definition {
	all := map[string]definition{}
	for name, a := range body.Attributes {
		all[name] = define(file, a)
	}
	return all
}

// constant returns the string that e is, if it is one without references.
func constant(e hclsyntax.Expression) (string, bool) {
	v, diags := boundedValue(e, nil)
	if diags.HasErrors() {
		return "", false
	}
	return asString(v)
}
