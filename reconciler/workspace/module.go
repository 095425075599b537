package workspace

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// module is what one directory of configuration says, as far as inputs,
// states and dependencies go. It is the same for all who call it.
type module struct {
	dir       string
	variables map[string]definition // the default; without an expression where there is none
	locals    map[string]definition
	outputs   map[string]definition
	resources map[string]*resource // by address: "aws_x.y", "data.aws_x.y"
	calls     map[string]*call
	mentions  []mention
	reads     []remoteState
	backend   *backendBlock // nil when there is none
	versions  []string      // required_version
	problems  []*Problem
	init      []string // what init makes something of
}

// definition is an expression and the file that it stands in.
type definition struct {
	hclsyntax.Expression
	file string // repository path
}

// resource is a resource or data source, as others may refer to it.
type resource struct {
	attributes hclsyntax.Attributes
	file       string
	several    bool // count or for_each: it is referred to by an index
}

// call is a module block.
type call struct {
	name      string
	arguments map[string]definition
	bindings  []binding // each.* or count.index
}

// meta are the arguments of a module block that are not handed to the module.
var metaArguments = []string{"source", "version", "count", "for_each", "providers", "depends_on"}

// remoteState is a terraform_remote_state data source.
type remoteState struct {
	arguments map[string]definition
	bindings  []binding
	file      string
	line      int
}

func (r remoteState) at(format string, args ...any) string {
	return fmt.Sprintf("%s:%d: %s", r.file, r.line, fmt.Sprintf(format, args...))
}

// backendBlock is the terraform block's backend, or its cloud block.
type backendBlock struct {
	kind      string
	arguments map[string]definition
	file      string
	block     *hclsyntax.Block
}

var errNoConfig = errors.New("holds no .tf files")

// module returns what the directory dir says.
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
		if len(files) == 0 && len(wrong) == 0 {
			return nil, fmt.Errorf("%s %w", dir, errNoConfig)
		}
		m := &module{
			dir: dir, problems: wrong,
			variables: map[string]definition{}, locals: map[string]definition{}, outputs: map[string]definition{},
			resources: map[string]*resource{}, calls: map[string]*call{},
		}
		for _, f := range files {
			for _, b := range f.body.Blocks {
				m.add(path.Join(dir, f.name), b)
				m.init = append(m.init, f.initOf(b)...)
			}
		}
		return m, nil
	})
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
		if d := attrs["default"]; d != nil || m.variables[label(0)].Expression == nil {
			m.variables[label(0)] = define(file, d)
		}
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
		c.paths = true
		m.addResource(file, b.Type, label(0), label(1), b)
	case "provider":
		c.paths = true
	}
	c.block(b)
}

func define(file string, a *hclsyntax.Attribute) definition {
	if a == nil {
		return definition{file: file}
	}
	return definition{a.Expr, file}
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
	c.bindings = repetition(b.Body)
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
			m.backend = &backendBlock{kind: inner.Labels[0], arguments: definitions(file, inner.Body), file: file, block: inner}
		case inner.Type == "cloud":
			m.backend = &backendBlock{kind: "cloud", file: file, block: inner}
		}
	}
}

func (m *module) addResource(file, class, kind, name string, b *hclsyntax.Block) {
	address := kind + "." + name
	if class != "resource" {
		address = class + "." + address
	}
	repeated := repetition(b.Body)
	m.resources[address] = &resource{attributes: b.Body.Attributes, file: file, several: len(repeated) > 0}
	if class == "data" && kind == "terraform_remote_state" {
		m.reads = append(m.reads, remoteState{definitions(file, b.Body), repeated, file, b.TypeRange.Start.Line})
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
	v, diags := e.Value(nil)
	if diags.HasErrors() {
		return "", false
	}
	return asString(v)
}
