package lazyregexp_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestExpressions compiles every literal in the repository that New is given: the program
// itself would fail only at the first use of one.
func TestExpressions(t *testing.T) {
	found := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "New" {
				return true
			} else if in, ok := f.X.(*ast.Ident); !ok || in.Name != "lazyregexp" {
				return true
			}
			found++
			literal, ok := call.Args[0].(*ast.BasicLit)
			if !ok {
				return true // it is put together from others
			}
			if expression, err := strconv.Unquote(literal.Value); err != nil {
				t.Error(err)
			} else if _, err := regexp.Compile(expression); err != nil {
				t.Errorf("%s: %v", files.Position(literal.Pos()), err)
			}
			return true
		})
		return nil
	})
	if err != nil || found < 30 {
		t.Errorf("%d expressions were found: %v", found, err)
	}
}
