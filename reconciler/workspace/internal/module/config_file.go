package module

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"
	"weak"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/internal/gitpath"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/repotree"
)

// sharedPrefix begins the name of a configuration file in the ranges of its expressions. Files of
// the same name and content in several directories share their bodies.
const sharedPrefix = "./"

// ConfigFile is a parsed configuration file.
type ConfigFile struct {
	Name string // file name in its directory
	Body *hclsyntax.Body
	id   string // id of the Git object
	Text []byte // the ranges of the body point into it, except for JSON

	tokens int // of the text, see hcleval.CountTokens
}

// ParseDir parses the configuration files of dir in Terraform's order: by name, then
// overrides. It returns the files that parse, even if others do not.
func (l *Loader) ParseDir(dir string) ([]ConfigFile, []*hcleval.Problem, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var files []ConfigFile
	var problems []*hcleval.Problem
	tokens := 0
	for _, e := range l.product.ConfigFiles(entries) {
		p := gitpath.Join(dir, e.Name())
		if tokens > hcleval.MaxTokens {
			problems = append(problems, &hcleval.Problem{File: p, Text: errTooLarge.Error()})
			break
		}
		f, fileProblems := l.parseFile(p, e.Type()&fs.ModeSymlink != 0)
		problems = append(problems, fileProblems...)
		if f.Body != nil {
			tokens += f.tokens
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b ConfigFile) int {
		return cmp.Or(cmp.Compare(loadOrder(a.Name), loadOrder(b.Name)), strings.Compare(a.Name, b.Name))
	})
	return files, problems, nil
}

func (l *Loader) parseFile(p string, link bool) (ConfigFile, []*hcleval.Problem) {
	real := p
	if link {
		o, err := repotree.ResolveLinks(l.tree, p)
		if err != nil {
			return ConfigFile{}, []*hcleval.Problem{{File: p, Text: err.Error()}}
		}
		real = o.Path
	}
	f := &ConfigFile{Name: path.Base(p), id: l.tree.ID(real)}
	key := f.Name + "\x00" + f.id
	if known, ok := l.parsed.Get(key); ok {
		if f := known.Value(); f != nil {
			return *f, nil
		}
	}
	var err error
	if f.Text, err = repotree.ReadLimited(l.tree, real, hcleval.MaxConfigSize); err != nil {
		return ConfigFile{}, []*hcleval.Problem{{File: p, Text: err.Error()}}
	}
	if bytes.HasPrefix(f.Text, []byte(lfsPointerPrefix)) {
		return ConfigFile{}, []*hcleval.Problem{{File: p, Text: "it " + LFSPointerText}}
	}
	var problems []*hcleval.Problem
	f.tokens = hcleval.CountTokens(f.Text)
	if f.Body, problems = hcleval.Parse(sharedPrefix+f.Name, f.Text); len(problems) == 0 && !l.HidesConditions { // which changes the body
		l.parsed.Put(key, weak.Make(f))
	}
	for _, problem := range problems {
		problem.File = p
	}
	return *f, problems
}

func loadOrder(name string) int {
	if repotree.IsOverride(name) {
		return 1
	}
	return 0
}
