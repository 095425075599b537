package workspace

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// mention is a place in configuration that may name an object of the tree.
type mention struct {
	what     string               // the function or attribute, for people
	path     hclsyntax.Expression // what the name is
	kind     mentionKind
	more     hclsyntax.Expression // the pattern of a fileset, the variables of a template; may be nil
	bindings []binding
	file     string
	data     bool // in a data source, which is read in the plan

	// Of any text: whether it leads out of the directory by what it says, or
	// may do so by what it refers to.
	out  bool
	refs []reference
}

// reference is var.NAME or local.NAME.
type reference struct{ root, name string }

type mentionKind int

const (
	fileArgument mentionKind = iota // the argument of a function that reads
	filesetArgument
	templateArgument
	pathAttribute // an attribute that is known to hold a path
	anyText       // any other text: a path only if it can be evaluated and leads somewhere
)

// fileFunctions are the functions that look at the tree.
var fileFunctions = map[string]mentionKind{
	"file": fileArgument, "filebase64": fileArgument, "fileexists": fileArgument, "filemd5": fileArgument,
	"filesha1": fileArgument, "filesha256": fileArgument, "filesha512": fileArgument,
	"filebase64sha256": fileArgument, "filebase64sha512": fileArgument,
	"templatefile": templateArgument, "fileset": filesetArgument,
}

// pathAttributes are the attributes of resources that name files or
// directories which the provider reads.
var pathAttributes = map[string]bool{
	"filename": true, "source": true, "source_dir": true, "source_file": true, "source_path": true,
	"content_path": true, "template": true,
}

// collector finds the mentions in one block.
type collector struct {
	module   *module
	file     string
	paths    bool // attributes and texts count too: this is a resource or its like
	data     bool
	bindings []binding
}

// block looks through b and the blocks in it.
func (c *collector) block(b *hclsyntax.Block) {
	outer := c.bindings
	c.bindings = append(outer[:len(outer):len(outer)], repetition(b.Body)...)
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		c.bindings = append(outer[:len(outer):len(outer)], dynamic(b)...)
	}
	for name, a := range b.Body.Attributes {
		c.functions(a.Expr)
		switch {
		case !c.paths:
		case pathAttributes[name]:
			c.path(name, a.Expr)
		default:
			c.texts(name, a.Expr)
		}
	}
	for _, inner := range b.Body.Blocks {
		c.block(inner)
	}
	c.bindings = outer
}

func (c *collector) add(m mention) {
	m.file, m.bindings, m.data = c.file, c.bindings, c.data
	c.module.mentions = append(c.module.mentions, m)
}

// path takes in an attribute that is known to hold a path, or a list of them.
func (c *collector) path(name string, e hclsyntax.Expression) {
	switch e := unwrap(e).(type) {
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			c.path(name, x)
		}
	case *hclsyntax.ObjectConsExpr: // a block, in JSON
		c.texts(name, e)
	default:
		c.add(mention{what: name, path: e, kind: pathAttribute})
	}
}

// texts takes in the strings of any other attribute that could be a path out
// of the module's directory.
func (c *collector) texts(name string, e hclsyntax.Expression) {
	switch e := unwrap(e).(type) {
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			c.texts(name, x)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			key := keyName(item.KeyExpr)
			if pathAttributes[key] {
				c.path(key, item.ValueExpr)
			} else {
				c.texts(name, item.ValueExpr)
			}
		}
	case *hclsyntax.ConditionalExpr:
		c.texts(name, e.TrueResult)
		c.texts(name, e.FalseResult)
	default:
		m := mention{what: name, path: e, kind: anyText}
		m.leads(e)
		for _, b := range c.bindings {
			m.leads(b.collection)
		}
		if m.out || len(m.refs) > 0 {
			c.add(m)
		}
	}
}

// keyName returns the constant key of an object's item.
func keyName(e hclsyntax.Expression) string {
	if keyword := hcl.ExprAsKeyword(e); keyword != "" {
		return keyword
	}
	text, _ := constant(e)
	return text
}

// leads notes what could make a text in e a path out of the directory: it
// climbs, is built on path.*, or on a variable or local that does so.
func (m *mention) leads(e hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.LiteralValueExpr:
			text, _ := asString(n.Val)
			m.out = m.out || strings.Contains(text, "..")
		case *hclsyntax.ScopeTraversalExpr:
			name, _ := attrAt(n.Traversal, 1)
			switch root := n.Traversal.RootName(); root {
			case "path":
				m.out = true
			case "var", "local":
				m.refs = append(m.refs, reference{root, name})
			}
		}
		return nil
	})
}

// functions takes in the arguments of the functions in e that look at the
// tree.
func (c *collector) functions(e hclsyntax.Expression) {
	w := &functionWalker{collector: c}
	_ = hclsyntax.Walk(e, w)
}

// functionWalker keeps the for expressions that it is in, as their names are
// bound in what they yield.
type functionWalker struct {
	*collector
	fors  []*hclsyntax.ForExpr
	saved [][]binding
}

// Enter implements hclsyntax.Walker.
func (w *functionWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.ForExpr:
		w.fors = append(w.fors, n)
	case hclsyntax.ChildScope:
		w.saved = append(w.saved, w.bindings)
		if len(w.fors) > 0 {
			f := w.fors[len(w.fors)-1]
			b := binding{key: f.KeyVar, value: f.ValVar, collection: f.CollExpr}
			w.bindings = append(w.bindings[:len(w.bindings):len(w.bindings)], b)
		}
	case *hclsyntax.FunctionCallExpr:
		w.call(n)
	case *hclsyntax.ScopeTraversalExpr:
		if namesCLIWorkspace(n.Traversal) {
			w.module.cli = append(w.module.cli, problemAt(w.file, n.SrcRange, "%s.workspace", n.Traversal.RootName()))
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *functionWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	switch n.(type) {
	case *hclsyntax.ForExpr:
		w.fors = w.fors[:len(w.fors)-1]
	case hclsyntax.ChildScope:
		w.bindings = w.saved[len(w.saved)-1]
		w.saved = w.saved[:len(w.saved)-1]
	}
	return nil
}

func (w *functionWalker) call(n *hclsyntax.FunctionCallExpr) {
	name := strings.TrimPrefix(n.Name, "core::")
	kind, ok := fileFunctions[name]
	if !ok || len(n.Args) == 0 {
		return
	}
	m := mention{what: name + "()", path: n.Args[0], kind: kind}
	if len(n.Args) > 1 {
		m.more = n.Args[1]
	}
	w.add(m)
}
