package workspace

import (
	"bytes"
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// file is one parsed configuration file.
type file struct {
	name string // in its directory
	body *hclsyntax.Body
	id   string // of the object
	text []byte // what the body's ranges point into; of JSON they do not
}

// parseDir parses the configuration files of dir: overrides last, otherwise
// by name, as Terraform does. The files that do parse are returned even if
// others do not.
func (l *Loader) parseDir(dir string) ([]file, []*Problem, error) {
	entries, err := l.tree.ReadDir(dir)
	if err != nil {
		return nil, nil, err
	}
	var files []file
	var wrong []*Problem
	for _, e := range l.product.configFiles(entries) {
		p := path.Join(dir, e.Name())
		f, problems := l.parseFile(p, e.Type()&fs.ModeSymlink != 0)
		wrong = append(wrong, problems...)
		if f.body != nil {
			files = append(files, f)
		}
	}
	slices.SortStableFunc(files, func(a, b file) int {
		return cmp.Or(cmp.Compare(rank(a.name), rank(b.name)), strings.Compare(a.name, b.name))
	})
	return files, wrong, nil
}

// parseFile parses the configuration file at p.
func (l *Loader) parseFile(p string, link bool) (file, []*Problem) {
	real := p
	if link {
		o, err := resolve(l.tree, p)
		if err != nil {
			return file{}, []*Problem{{File: p, Text: err.Error()}}
		}
		real = o.path
	}
	text, err := readSome(l.tree, real, maxConfig)
	if err != nil {
		return file{}, []*Problem{{File: p, Text: err.Error()}}
	}
	if bytes.HasPrefix(text, []byte(pointerPrefix)) {
		return file{}, []*Problem{{File: p, Text: "it " + isPointerText}}
	}
	body, problems := parse(p, text)
	return file{path.Base(p), body, l.tree.ID(real), text}, problems
}

func rank(name string) int {
	if isOverride(name) {
		return 1
	}
	return 0
}

const nestedTooDeep = "expressions are nested too deep to be read"

// parse parses one configuration file. JSON is translated, so that there is
// one syntax to look through.
func parse(p string, text []byte) (*hclsyntax.Body, []*Problem) {
	if strings.HasSuffix(p, ".json") {
		b, wrong := parseJSON(p, text)
		if b != nil {
			meterBelow(b)
		}
		return b, wrong
	}
	if tooDeep(text) {
		return nil, []*Problem{{File: p, Text: nestedTooDeep}}
	}
	f, diags := hclsyntax.ParseConfig(text, p, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, problems(p, diags)
	}
	b := f.Body.(*hclsyntax.Body)
	meterBelow(b)
	return b, nil
}
