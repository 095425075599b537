package module

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/cache"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// Loader reads the modules of one tree. It parses each directory once for all
// workspaces that use it. It is safe for concurrent use.
type Loader struct {
	tree      repotree.Tree
	product   repotree.Product
	modules   memo[*Module]
	templates memo[[]PathRef]
	scans     memo[*SpecialFiles]
	// scansWithoutPointers are of directories that are not searched for pointers.
	scansWithoutPointers memo[*SpecialFiles]
	parsed               cache.Map[string, weak.Pointer[ConfigFile]] // by name and id; until the next garbage collection
	keptTokens           atomic.Int64                                // of the modules and templates in memory
	HidesConditions      bool                                        // every condition is unknown, so that both branches count
	// SkipsPointers reports whether the object at a path is not searched for Git LFS pointers.
	SkipsPointers func(p string) bool
}

// NewLoader returns a loader of the modules of tree, as product reads them.
func NewLoader(tree repotree.Tree, product repotree.Product) *Loader {
	return &Loader{tree: tree, product: product, SkipsPointers: func(string) bool { return false }}
}

// Load returns the module in the directory dir. It follows links to dir: relative
// paths in the module start from the real directory, as in Terraform.
func (l *Loader) Load(dir string) (*Module, error) {
	return l.modules.get(dir, func() (*Module, error) {
		o, err := repotree.ResolveLinks(l.tree, dir)
		if err != nil {
			return nil, err
		}
		if !o.Dir {
			return nil, fmt.Errorf("there is no directory %s", dir)
		}
		files, problems, err := l.ParseDir(o.Path)
		if err != nil {
			return nil, err
		}
		m := &Module{
			Dir: o.Path, Problems: problems,
			Variables: map[string]*Variable{}, locals: map[string]Definition{}, outputs: map[string]Definition{},
			resources: map[string]*Resource{}, Calls: map[string]*Call{}, Mentions: map[string]bool{},
		}
		for _, f := range files {
			m.tokens += f.tokens
			if l.HidesConditions {
				hcleval.HideConditions(f.Body)
			}
			for _, b := range f.Body.Blocks {
				m.addBlock(path.Join(o.Path, f.Name), b)
				m.InitInputs = append(m.InitInputs, f.initInputs(b)...)
			}
		}
		m.CallNames = slices.Sorted(maps.Keys(m.Calls))
		l.keep(m.tokens)
		return m, nil
	})
}

// maxKeptTokens bounds the modules and templates in memory.
const maxKeptTokens = 4 * hcleval.MaxTokens

// keep counts tokens that stay in memory. Beyond the limit it forgets all modules and
// templates: another use parses them again.
func (l *Loader) keep(tokens int) {
	if l.keptTokens.Add(int64(tokens)) > maxKeptTokens {
		l.keptTokens.Store(0)
		l.modules.once.Clear()
		l.templates.once.Clear()
	}
}

// Forget frees the module in the directory dir. Another use of it parses it again.
func (l *Loader) Forget(dir string) {
	if m, err := l.modules.forget(dir); err == nil && m != nil {
		l.keptTokens.Add(-int64(m.tokens))
	}
}

// TemplateReads returns the path references in the template at p. It calls check with the
// text of each template once; check may be nil.
func (l *Loader) TemplateReads(p string, check func(p string, text []byte)) ([]PathRef, error) {
	return l.templates.get(p, func() ([]PathRef, error) { return l.parseTemplate(p, check) })
}

func (l *Loader) parseTemplate(p string, check func(p string, text []byte)) ([]PathRef, error) {
	text, err := repotree.ReadFile(l.tree, p, hcleval.MaxConfigSize)
	if err != nil {
		return nil, err
	}
	if check != nil {
		check(p, text)
	}
	if !bytes.Contains(text, []byte("file")) {
		return nil, nil // the usual template, of any size
	}
	x, err := hcleval.ParseTemplate(p, text)
	if err != nil {
		return nil, err
	}
	if l.HidesConditions {
		hcleval.HideConditions(x)
	}
	l.keep(hcleval.CountTokens(text))
	var refs []PathRef
	(&pathRefVisitor{module: &Module{Mentions: map[string]bool{}}, refs: &refs, file: p}).visitFunctions(x)
	return refs, nil
}

// ReadAttributes returns the values in a file of constant attributes, such as a variable
// file.
func (l *Loader) ReadAttributes(p string) (map[string]cty.Value, []*hcleval.Problem) {
	text, err := repotree.ReadFile(l.tree, p, hcleval.MaxConfigSize)
	if err != nil {
		return nil, []*hcleval.Problem{{File: p, Text: err.Error()}}
	}
	body, problems := hcleval.ParseAttributes(p, text)
	if len(problems) > 0 {
		return nil, problems
	}
	attrs, diags := body.JustAttributes()
	values := map[string]cty.Value{}
	for name, a := range attrs {
		v, more := hcleval.Evaluate(a.Expr, nil)
		diags = append(diags, more...)
		values[name] = v
	}
	return values, hcleval.ProblemsOf(p, diags)
}

// memo stores one value a key and computes each value once.
type memo[T any] struct {
	once cache.Map[string, func() (T, error)]
}

func (m *memo[T]) get(key string, fill func() (T, error)) (T, error) {
	value, ok := m.once.Get(key)
	if !ok {
		value = m.once.GetOrPut(key, sync.OnceValues(fill))
	}
	return value()
}

// forget frees the value of key, if there is one, and returns it. Another use of key computes
// the value again.
func (m *memo[T]) forget(key string) (value T, err error) {
	if once, ok := m.once.Delete(key); ok {
		return once()
	}
	return value, nil
}
