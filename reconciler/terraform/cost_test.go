package terraform_test

import (
	"os"
	"os/exec"
	"testing"
)

// BenchmarkCycle is what one stale workspace costs, first init included, and
// what the same commands cost when they are run by hand.
func BenchmarkCycle(b *testing.B) {
	b.Run("bare", func(b *testing.B) {
		binary := tool(b, "terraform")
		for b.Loop() {
			s := newSiteOf(b, nil, "one", oneResource)
			for _, args := range [][]string{
				{"init", "-input=false"}, {"plan", "-input=false", "-out=plan"}, {"show", "-json", "plan"},
				{"apply", "-input=false", "plan"}, {"output", "-json"},
			} {
				cmd := exec.Command(binary, args...)
				cmd.Dir, cmd.Env = s.job.Dir, append(basicEnv(), "CHECKPOINT_DISABLE=1")
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		}
	})
	b.Run("session", func(b *testing.B) {
		tf := newTerraform(b)
		for b.Loop() {
			newSiteOf(b, tf, "one", oneResource).apply()
		}
	})
	b.Run("session, init known", func(b *testing.B) {
		s := newSite(b, oneResource)
		s.planned()
		for b.Loop() {
			if err := os.Remove(s.state); err != nil {
				b.Fatal(err)
			}
			s.apply()
		}
	})
}
