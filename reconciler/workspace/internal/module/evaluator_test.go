package module

import (
	"testing"

	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

// FuzzExpression checks that the evaluation of any expression stays within the limits.
func FuzzExpression(f *testing.F) {
	for _, x := range []string{
		`[for a in range(1000) : [for b in range(1000) : "${a}${b}"]]`, `format("%1000000000s", "x")`,
		`"%{for a in range(1000)}${join(a, split("", "xyz"))}%{endfor}"`, `replace("aaa", "/(a?)*/", "$1$1")`,
		`try(setproduct(range(9), range(9))[0], jsondecode("[1]")[*])`, `"${"1e600000000" * -1}"`,
	} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := hcleval.ParseTemplate("", []byte("${"+text+"}"))
		if err != nil {
			return
		}
		loader := NewLoader(treetest.New(nil), repotree.Terraform)
		s := NewScope(NewEvaluator(loader, ".", "default"), &Module{Dir: "."})
		if v := s.Evaluate(x, nil); hcleval.IsTooLarge(v) {
			t.Fatal("too large")
		}
		if s.evaluator.steps > maxWorkspaceSteps {
			t.Fatalf("%d steps", s.evaluator.steps)
		}
	})
}
