package tftest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Block is a block and its source text.
type Block struct {
	*hclsyntax.Block
	Source []byte // of the whole file
	File   string
}

// Text returns the text in a range of the block's file.
func (b Block) Text(r hcl.Range) string { return string(r.SliceBytes(b.Source)) }

// Label returns the block's labels, joined by dots.
func (b Block) Label() string { return strings.Join(b.Labels, ".") }

// Attr returns the text of an attribute, or "".
func (b Block) Attr(name string) string {
	if a := b.Body.Attributes[name]; a != nil {
		return b.Text(a.Expr.Range())
	}
	return ""
}

// NestedBlocks returns the blocks of a type in this one.
func (b Block) NestedBlocks(kind string) []Block {
	var blocks []Block
	for _, inner := range b.Body.Blocks {
		if inner.Type == kind {
			blocks = append(blocks, Block{inner, b.Source, b.File})
		}
	}
	return blocks
}

// LoadConfiguration returns the blocks in the .tf files of a folder, by type.
func LoadConfiguration(t testing.TB, dir string) map[string][]Block {
	t.Helper()
	blocks := map[string][]Block{}
	for _, path := range Glob(t, filepath.Join(dir, "*.tf")) {
		for _, b := range Parse(t, path) {
			blocks[b.Type] = append(blocks[b.Type], b)
		}
	}
	return blocks
}

// Parse returns the blocks of a file.
func Parse(t testing.TB, path string) []Block {
	t.Helper()
	body, src := parse(t, path)
	var blocks []Block
	for _, b := range body.Blocks {
		blocks = append(blocks, Block{b, src, path})
	}
	return blocks
}

// LoadValues returns the attributes of a file of values, as text.
func LoadValues(t testing.TB, path string) map[string]string {
	t.Helper()
	body, src := parse(t, path)
	values := map[string]string{}
	for name, a := range body.Attributes {
		values[name] = string(a.Expr.Range().SliceBytes(src))
	}
	return values
}

func parse(t testing.TB, path string) (*hclsyntax.Body, []byte) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return file.Body.(*hclsyntax.Body), src
}

// Glob returns the files that a pattern matches, sorted.
func Glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
