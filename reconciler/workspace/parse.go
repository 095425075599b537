package workspace

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"reconcile/reconciler/workspace/repotree"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

type configFile struct {
	name string // file name in its directory
	body *hclsyntax.Body
	id   string // id of the Git object
	text []byte // the ranges of the body point into it, except for JSON
}

// parseDir parses the configuration files of dir in Terraform's order: by name, then
// overrides. It returns the files that parse, even if others do not.
func (l *Loader) parseDir(dir string) ([]configFile, []*Problem, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var files []configFile
	var problems []*Problem
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

func (l *Loader) parseFile(p string, link bool) (configFile, []*Problem) {
	real := p
	if link {
		o, err := repotree.ResolveLinks(l.tree, p)
		if err != nil {
			return configFile{}, []*Problem{{File: p, Text: err.Error()}}
		}
		real = o.Path
	}
	text, err := repotree.ReadLimited(l.tree, real, maxConfigSize)
	if err != nil {
		return configFile{}, []*Problem{{File: p, Text: err.Error()}}
	}
	if bytes.HasPrefix(text, []byte(lfsPointerPrefix)) {
		return configFile{}, []*Problem{{File: p, Text: "it " + lfsPointerText}}
	}
	body, problems := parse(p, text)
	return configFile{path.Base(p), body, l.tree.ID(real), text}, problems
}

func loadOrder(name string) int {
	if repotree.IsOverride(name) {
		return 1
	}
	return 0
}

const tooDeepText = "expressions are nested too deeply"

// parse parses one configuration file. It translates JSON, so that all code examines one
// syntax.
func parse(p string, text []byte) (*hclsyntax.Body, []*Problem) {
	if strings.HasSuffix(p, ".json") {
		b, problems := parseJSON(p, text)
		if b != nil {
			meterTree(b)
		}
		return b, problems
	}
	if isTooDeep(text) {
		return nil, []*Problem{{File: p, Text: tooDeepText}}
	}
	f, diags := hclsyntax.ParseConfig(text, p, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, problemsOf(p, diags)
	}
	b := f.Body.(*hclsyntax.Body)
	meterTree(b)
	return b, nil
}
