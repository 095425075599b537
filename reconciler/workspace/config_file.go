package workspace

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

type configFile struct {
	name string // file name in its directory
	body *hclsyntax.Body
	id   string // id of the Git object
	text []byte // the ranges of the body point into it, except for JSON
}

// parseDir parses the configuration files of dir in Terraform's order: by name, then
// overrides. It returns the files that parse, even if others do not.
func (l *Loader) parseDir(dir string) ([]configFile, []*hcleval.Problem, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var files []configFile
	var problems []*hcleval.Problem
	for _, e := range l.product.ConfigFiles(entries) {
		p := path.Join(dir, e.Name())
		f, fileProblems := l.parseFile(p, e.Type()&fs.ModeSymlink != 0)
		problems = append(problems, fileProblems...)
		if f.body != nil {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b configFile) int {
		return cmp.Or(cmp.Compare(loadOrder(a.name), loadOrder(b.name)), strings.Compare(a.name, b.name))
	})
	return files, problems, nil
}

func (l *Loader) parseFile(p string, link bool) (configFile, []*hcleval.Problem) {
	real := p
	if link {
		o, err := repotree.ResolveLinks(l.tree, p)
		if err != nil {
			return configFile{}, []*hcleval.Problem{{File: p, Text: err.Error()}}
		}
		real = o.Path
	}
	text, err := repotree.ReadLimited(l.tree, real, hcleval.MaxConfigSize)
	if err != nil {
		return configFile{}, []*hcleval.Problem{{File: p, Text: err.Error()}}
	}
	if bytes.HasPrefix(text, []byte(lfsPointerPrefix)) {
		return configFile{}, []*hcleval.Problem{{File: p, Text: "it " + lfsPointerText}}
	}
	body, problems := hcleval.Parse(p, text)
	return configFile{path.Base(p), body, l.tree.ID(real), text}, problems
}

func loadOrder(name string) int {
	if repotree.IsOverride(name) {
		return 1
	}
	return 0
}
