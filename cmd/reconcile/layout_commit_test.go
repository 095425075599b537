package main

import (
	"go/ast"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// maxCommitFiles is how many files of the pass hold a commit's id.
const maxCommitFiles = 12

// TestLayoutOfCommitID holds how many files a reader must open to follow a commit's id through a
// pass: those of package reconciler and of its internal packages in which an expression is a
// commitid.ID, or a pointer, slice, map or function of one. A struct that has one, as a commit or
// the head, does not count, and no test support.
func TestLayoutOfCommitID(t *testing.T) {
	t.Parallel()
	config := &packages.Config{Mode: packages.LoadSyntax, Dir: "../.."}
	loaded, err := packages.Load(config, "./reconciler", "./reconciler/internal/...")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]bool{}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			t.Fatal(p.Errors)
		}
		if strings.HasSuffix(p.PkgPath, "test") {
			continue
		}
		for _, f := range p.Syntax {
			ast.Inspect(f, func(n ast.Node) bool {
				if e, ok := n.(ast.Expr); ok && isOfCommitID(p.TypesInfo.TypeOf(e)) {
					files[filepath.Base(p.PkgPath)+"/"+filepath.Base(p.Fset.Position(n.Pos()).Filename)] = true
				}
				return true
			})
		}
	}
	if len(files) == 0 || len(files) > maxCommitFiles {
		t.Errorf("%d files hold a commit's id: %v; give those that only pass it on what has it", len(files), slices.Sorted(maps.Keys(files)))
	}
}

// isOfCommitID reports whether a type is a commit's id, or is made of one without a name.
func isOfCommitID(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		o := t.Obj()
		return o.Pkg() != nil && o.Pkg().Path() == "reconcile/internal/commitid" && o.Name() == "ID"
	case *types.Pointer:
		return isOfCommitID(t.Elem())
	case *types.Slice:
		return isOfCommitID(t.Elem())
	case *types.Map:
		return isOfCommitID(t.Key()) || isOfCommitID(t.Elem())
	case *types.Signature:
		return isOfTuple(t.Params()) || isOfTuple(t.Results())
	case *types.Tuple:
		return isOfTuple(t)
	}
	return false
}

func isOfTuple(t *types.Tuple) bool {
	for v := range t.Variables() {
		if isOfCommitID(v.Type()) {
			return true
		}
	}
	return false
}
