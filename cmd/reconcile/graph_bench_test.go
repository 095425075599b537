package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"reconcile/reconciler/source/gittest"
)

// The graph of BenchmarkGraph: chains of workspaces, each of which reads the
// state of the one before. At parallelism 4 no schedule can be shorter than
// five workspaces' time, and taking the longest chain first is as short.
const (
	chains   = 5
	levels   = 4
	parallel = 4
)

func link(chain, level int) string { return fmt.Sprintf("chain%d-level%d", chain, level) }

// BenchmarkGraph is the first pass over 20 workspaces, as a whole process,
// next to bare Terraform: init, plan, show, apply and output of each, in the
// best order at the same parallelism.
func BenchmarkGraph(b *testing.B) {
	program, terraform := builtProgram(b), benchTool(b, "terraform")
	for _, seconds := range []int{0, 5} {
		b.Run(fmt.Sprintf("%ds", seconds), func(b *testing.B) {
			repo := newChains(b, seconds)
			duel(b,
				func() cost {
					at := &bench{B: b, url: repo.Dir, dir: b.TempDir()}
					return process(b, 0, at.command(program, "now", "--terraform", terraform))
				},
				func() cost {
					dir := filepath.Join(b.TempDir(), "clone")
					gittest.Git(b, ".", "clone", "-q", repo.Dir, dir)
					return inside(b, func() error { return bare(terraform, dir) })
				})
		})
	}
}

func newChains(b *testing.B, seconds int) *gittest.Repo {
	tree := map[string]string{}
	for chain := range chains {
		for level := range levels {
			input := fmt.Sprintf("%q", link(chain, level))
			body := ""
			if level > 0 {
				body = fmt.Sprintf("data \"terraform_remote_state\" \"up\" {\n  backend = \"local\"\n  config = {\n    path = \"../%s/terraform.tfstate\"\n  }\n}\n\n", link(chain, level-1))
				input = "data.terraform_remote_state.up.outputs.id"
			}
			work := ""
			if seconds > 0 {
				work = fmt.Sprintf("\n  provisioner \"local-exec\" {\n    command = \"sleep %d\"\n  }\n", seconds)
			}
			body += fmt.Sprintf("resource \"terraform_data\" \"this\" {\n  input = %s\n%s}\n\noutput \"id\" {\n  value = terraform_data.this.output\n}\n", input, work)
			tree["env/"+link(chain, level)+"/main.tf"] = body
		}
	}
	repo := gittest.New(b)
	repo.Commit("chains", tree)
	return repo
}

// bare runs Terraform in all workspaces below dir: of the chains that wait,
// the one with most left to do goes on.
func bare(terraform, dir string) error {
	var (
		mu      sync.Mutex
		changed = sync.NewCond(&mu)
		done    [chains]int
		busy    [chains]bool
		failed  error
	)
	next := func() (chain int, ok bool) {
		for failed == nil {
			best, left := -1, 0
			for c := range chains {
				left += levels - done[c]
				if !busy[c] && done[c] < levels && (best < 0 || done[c] < done[best]) {
					best = c
				}
			}
			if best >= 0 || left == 0 {
				return best, best >= 0
			}
			changed.Wait()
		}
		return 0, false
	}
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for chain, ok := next(); ok; chain, ok = next() {
				busy[chain] = true
				level := done[chain]
				mu.Unlock()
				err := cycle(terraform, filepath.Join(dir, "env", link(chain, level)))
				mu.Lock()
				busy[chain], done[chain] = false, level+1
				if err != nil {
					failed = err
				}
				changed.Broadcast()
			}
		})
	}
	workers.Wait()
	return failed
}

// cycle is what a person would run in one workspace.
func cycle(terraform, dir string) error {
	for _, args := range [][]string{
		{"init", "-input=false"}, {"plan", "-input=false", "-out=plan"}, {"show", "-json", "plan"},
		{"apply", "-input=false", "plan"}, {"output", "-json"},
	} {
		cmd := exec.Command(terraform, args...)
		cmd.Dir, cmd.Env = dir, plain()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("terraform %v in %s: %w\n%s", args, dir, err, out)
		}
	}
	return nil
}
