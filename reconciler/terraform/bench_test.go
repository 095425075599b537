package terraform_test

import (
	"os"
	"os/exec"
	"testing"

	"reconcile/internal/testtier"
)

// BenchmarkCycle measures one stale workspace with its first init, and the same commands run
// directly.
func BenchmarkCycle(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		binary := testtier.Tool(b, "terraform")
		for b.Loop() {
			s := newFixtureOf(b, nil, "one", resourceConfig)
			for _, args := range [][]string{
				{"init", "-input=false"}, {"plan", "-input=false", "-out=plan"}, {"show", "-json", "plan"},
				{"apply", "-input=false", "plan"}, {"output", "-json"},
			} {
				cmd := exec.Command(binary, args...)
				cmd.Dir, cmd.Env = s.spec.Dir, append(basicEnv(), "CHECKPOINT_DISABLE=1")
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		}
	})
	b.Run("session", func(b *testing.B) {
		tf := newTerraform(b)
		for b.Loop() {
			newFixtureOf(b, tf, "one", resourceConfig).apply()
		}
	})
	b.Run("session, init known", func(b *testing.B) {
		s := newFixture(b, resourceConfig)
		s.planAndClose()
		for b.Loop() {
			if err := os.Remove(s.state); err != nil {
				b.Fatal(err)
			}
			s.apply()
		}
	})
}
