package module

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/reconciler/workspace/internal/hcleval"
)

// PathRef is an expression that may name an object of the tree.
type PathRef struct {
	Label     string               // the function or attribute, for messages
	Path      hclsyntax.Expression // the path
	Kind      PathRefKind
	SecondArg hclsyntax.Expression // pattern of a fileset or variables of a template; may be nil
	Bindings  []Binding
	File      string
	InData    bool // in a data source, which the plan reads

	// Dirs are the attributes beside it that name a directory, such as working_dir: a path
	// may start there.
	Dirs []hclsyntax.Expression

	// Only for AnyText: the text leads out of the directory, or may do so by a reference.
	Escapes bool
	Refs    []SymbolRef
}

// SymbolRef is a reference to a value of the module: var.NAME, local.NAME,
// module.NAME.attr, or an attribute of a resource, whose root is "".
type SymbolRef struct{ root, name, attr string }

// PathRefKind says where a PathRef stands.
type PathRefKind int

// The kinds of path references.
const (
	FileArgument PathRefKind = iota // the argument of a function that reads a file
	FilesetArgument
	TemplateArgument
	PathAttribute // an attribute that contains a path
	AnyText       // any other text: a path only if its value is known and names something outside
)

// fileFunctions are the functions that read the tree.
var fileFunctions = map[string]PathRefKind{
	"file": FileArgument, "filebase64": FileArgument, "fileexists": FileArgument, "filemd5": FileArgument,
	"filesha1": FileArgument, "filesha256": FileArgument, "filesha512": FileArgument,
	"filebase64sha256": FileArgument, "filebase64sha512": FileArgument,
	"templatefile": TemplateArgument, "fileset": FilesetArgument,
}

// pathAttributes are the attributes of resources that name files or directories which the
// provider reads.
var pathAttributes = map[string]bool{
	"filename": true, "source": true, "source_dir": true, "source_file": true, "source_path": true,
	"content_path": true, "template": true,
}

// pathRefVisitor finds the path references in one block.
type pathRefVisitor struct {
	module         *Module
	refs           *[]PathRef // what it found
	file           string
	withAttributes bool // attributes and texts count too: this is a resource or similar
	inData         bool
	bindings       []Binding
	dirs           []hclsyntax.Expression // of the block, see PathRef.Dirs
}

// namesDirectory reports whether an attribute with this name may say where a program runs.
func namesDirectory(name string) bool { return name == "cwd" || strings.Contains(name, "dir") }

func (v *pathRefVisitor) visitBlock(b *hclsyntax.Block) {
	outer := v.bindings
	v.bindings = append(outer[:len(outer):len(outer)], repetitionBindings(b.Body)...)
	if b.Type == "dynamic" && len(b.Labels) == 1 {
		v.bindings = append(outer[:len(outer):len(outer)], dynamicBindings(b)...)
	}
	v.dirs = nil
	for name, a := range b.Body.Attributes {
		if namesDirectory(name) {
			v.dirs = append(v.dirs, a.Expr)
		}
	}
	for name, a := range b.Body.Attributes {
		v.visitFunctions(a.Expr)
		if v.withAttributes {
			v.addAttribute(name, a.Expr)
			v.module.noteMentions(a.Expr)
		}
	}
	for _, inner := range b.Body.Blocks {
		v.visitBlock(inner)
	}
	v.bindings = outer
}

func (v *pathRefVisitor) addAttribute(name string, x hclsyntax.Expression) {
	if pathAttributes[name] {
		v.addPathExpr(name, x)
	} else {
		v.addTexts(name, x)
	}
}

func (v *pathRefVisitor) add(m PathRef) {
	m.File, m.Bindings, m.InData, m.Dirs = v.file, v.bindings, v.inData, v.dirs
	*v.refs = append(*v.refs, m)
}

// addPathExpr adds an attribute that contains a path or a list of paths.
func (v *pathRefVisitor) addPathExpr(name string, e hclsyntax.Expression) {
	switch e := hcleval.Unwrap(e).(type) {
	case *hclsyntax.TupleConsExpr:
		for _, x := range e.Exprs {
			v.addPathExpr(name, x)
		}
	case *hclsyntax.ObjectConsExpr: // a block, in JSON
		v.addTexts(name, e)
	default:
		v.add(PathRef{Label: name, Path: e, Kind: PathAttribute})
	}
}

// addTexts adds the strings of any other attribute that could be a path out of the module's
// directory.
func (v *pathRefVisitor) addTexts(name string, e hclsyntax.Expression) {
	switch e := hcleval.Unwrap(e).(type) {
	case *hclsyntax.TupleConsExpr:
		if isCommand(e) {
			v.addText(name, e)
			return
		}
		for _, x := range e.Exprs {
			v.addTexts(name, x)
		}
	case *hclsyntax.ObjectConsExpr:
		for _, item := range e.Items {
			if key := hcleval.KeyName(item.KeyExpr); pathAttributes[key] {
				v.addPathExpr(key, item.ValueExpr)
			} else {
				v.addTexts(name, item.ValueExpr)
			}
		}
	case *hclsyntax.ConditionalExpr:
		v.addTexts(name, e.TrueResult)
		v.addTexts(name, e.FalseResult)
	default:
		v.addText(name, e)
	}
}

// isCommand reports whether a list may be the words of one command: each is a plain text.
func isCommand(list *hclsyntax.TupleConsExpr) bool {
	return !slices.ContainsFunc(list.Exprs, func(x hclsyntax.Expression) bool {
		switch hcleval.Unwrap(x).(type) {
		case *hclsyntax.TupleConsExpr, *hclsyntax.ObjectConsExpr, *hclsyntax.ConditionalExpr:
			return true
		}
		return false
	})
}

func (v *pathRefVisitor) addText(name string, e hclsyntax.Expression) {
	m := PathRef{Label: name, Path: e, Kind: AnyText}
	m.noteEscapes(e)
	for _, b := range v.bindings {
		m.noteEscapes(b.collection)
	}
	m.Escapes = m.Escapes || len(v.dirs) > 0
	if m.Escapes || len(m.Refs) > 0 {
		v.add(m)
	}
}

// noteEscapes finds what could make a text in e a path out of the directory: "..", path.*,
// the content of a file, or a reference to a value that contains one of these.
func (r *PathRef) noteEscapes(e hclsyntax.Expression) {
	_ = hclsyntax.VisitAll(e, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n := n.(type) {
		case *hclsyntax.LiteralValueExpr:
			text, _ := hcleval.AsString(n.Val)
			r.Escapes = r.Escapes || mayLeadOut(text)
		case *hclsyntax.FunctionCallExpr:
			_, readsFile := fileFunctions[strings.TrimPrefix(n.Name, "core::")]
			r.Escapes = r.Escapes || readsFile
		case *hclsyntax.ScopeTraversalExpr:
			r.noteReference(n.Traversal)
		}
		return nil
	})
}

func (r *PathRef) noteReference(t hcl.Traversal) {
	name, _ := hcleval.AttrAt(t, 1)
	attr, hasAttr := hcleval.AttrAt(t, 2)
	switch root := t.RootName(); root {
	case "path":
		r.Escapes = true
	case "var", "local":
		r.Refs = append(r.Refs, SymbolRef{root: root, name: name})
	case "module":
		if !hasAttr { // an instance, or all outputs
			r.Escapes = true
		}
		r.Refs = append(r.Refs, SymbolRef{root: root, name: name, attr: attr})
	case "each", "count", "self", "terraform", "tofu":
	case "data", "ephemeral":
		of, _ := hcleval.AttrAt(t, 3)
		r.Refs = append(r.Refs, SymbolRef{name: root + "." + name + "." + attr, attr: of})
	default:
		of, _ := hcleval.AttrAt(t, 2)
		r.Refs = append(r.Refs, SymbolRef{name: root + "." + name, attr: of})
	}
}

// visitFunctions adds the arguments of the functions in e that read the tree.
func (v *pathRefVisitor) visitFunctions(e hclsyntax.Expression) {
	w := &functionWalker{visitor: v}
	_ = hclsyntax.Walk(e, w)
}

// functionWalker tracks the enclosing for expressions, whose names are bound in their
// results.
type functionWalker struct {
	visitor       *pathRefVisitor
	forExprs      []*hclsyntax.ForExpr
	outerBindings [][]Binding
}

// Enter implements hclsyntax.Walker.
func (w *functionWalker) Enter(n hclsyntax.Node) hcl.Diagnostics {
	switch n := n.(type) {
	case *hclsyntax.ForExpr:
		w.forExprs = append(w.forExprs, n)
	case hclsyntax.ChildScope:
		w.outerBindings = append(w.outerBindings, w.visitor.bindings)
		if len(w.forExprs) > 0 {
			f := w.forExprs[len(w.forExprs)-1]
			b := Binding{key: f.KeyVar, value: f.ValVar, collection: f.CollExpr}
			w.visitor.bindings = append(w.visitor.bindings[:len(w.visitor.bindings):len(w.visitor.bindings)], b)
		}
	case *hclsyntax.FunctionCallExpr:
		w.visitCall(n)
		if len(n.Args) > 1 {
			w.visitor.module.noteChoice(n.Name, n.Args[0], n.Args[1])
		}
	case *hclsyntax.IndexExpr:
		w.visitor.module.noteChoice("", n.Collection, n.Key)
	case *hclsyntax.BinaryOpExpr:
		w.visitor.module.noteComparison(n)
	case *hclsyntax.ScopeTraversalExpr:
		if isCLIWorkspaceRef(n.Traversal) {
			w.visitor.module.CLIWorkspaceRefs = append(w.visitor.module.CLIWorkspaceRefs, hcleval.ProblemAt(w.visitor.file, n.SrcRange, "%s.workspace", n.Traversal.RootName()))
		}
	}
	return nil
}

// Exit implements hclsyntax.Walker.
func (w *functionWalker) Exit(n hclsyntax.Node) hcl.Diagnostics {
	switch n.(type) {
	case *hclsyntax.ForExpr:
		w.forExprs = w.forExprs[:len(w.forExprs)-1]
	case hclsyntax.ChildScope:
		w.visitor.bindings = w.outerBindings[len(w.outerBindings)-1]
		w.outerBindings = w.outerBindings[:len(w.outerBindings)-1]
	}
	return nil
}

func (w *functionWalker) visitCall(n *hclsyntax.FunctionCallExpr) {
	name := strings.TrimPrefix(n.Name, "core::")
	if strings.HasPrefix(name, "provider::") { // it may read what its arguments name
		w.visitor.module.noteProviderFunction(name)
		for _, x := range n.Args {
			w.visitor.addTexts(name+"()", x)
		}
		return
	}
	kind, ok := fileFunctions[name]
	if !ok || len(n.Args) == 0 {
		return
	}
	m := PathRef{Label: name + "()", Path: n.Args[0], Kind: kind}
	if len(n.Args) > 1 {
		m.SecondArg = n.Args[1]
	}
	w.visitor.add(m)
}
