package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"reconcile/reconciler/source/gittest"
)

// The graph of BenchmarkGraph: chains of workspaces; each reads the state of
// the one before. At parallelism 4 no schedule can be shorter than
// five workspaces' time, and taking the longest chain first is as short.
const (
	chainCount  = 5
	levelCount  = 4
	parallelism = 4
)

func workspaceName(chain, level int) string { return fmt.Sprintf("chain%d-level%d", chain, level) }

// BenchmarkGraph is the first pass over 20 workspaces, as a whole process,
// next to bare Terraform: init, plan, show, apply and output of each, in the
// best order at the same parallelism. A pass reads the outputs from the local state's file.
func BenchmarkGraph(b *testing.B) {
	program, terraform := buildProgram(b), findTool(b, "terraform")
	for seconds, highest := range map[int]bound{0: {wall: 1.2, cpu: 1.1}, 5: {wall: 1.03, cpu: 1.4}} {
		b.Run(fmt.Sprintf("%ds", seconds), func(b *testing.B) {
			repo := newChainRepo(b, seconds)
			compareCosts(b, highest,
				func() cost {
					setup := &benchSetup{TB: b, url: repo.Dir, dir: b.TempDir()}
					return runProcess(b, 0, setup.command(program, "now", "--terraform", terraform, "--gate", "always")) // the work is a provisioner
				},
				func() cost {
					dir := filepath.Join(b.TempDir(), "clone")
					gittest.Git(b, ".", "clone", "-q", repo.Dir, dir)
					return runInProcess(b, func() error { return runBareTerraform(terraform, dir) })
				})
		})
	}
}

func newChainRepo(b *testing.B, seconds int) *gittest.Repo {
	tree := map[string]string{"env/reconcile.hcl": "defaults {\n  apply = \"always\"\n}\n"}
	for chain := range chainCount {
		for level := range levelCount {
			input := fmt.Sprintf("%q", workspaceName(chain, level))
			body := ""
			if level > 0 {
				body = fmt.Sprintf("data \"terraform_remote_state\" \"up\" {\n  backend = \"local\"\n  config = {\n    path = \"../%s/terraform.tfstate\"\n  }\n}\n\n", workspaceName(chain, level-1))
				input = "data.terraform_remote_state.up.outputs.id"
			}
			work := ""
			if seconds > 0 {
				work = fmt.Sprintf("\n  provisioner \"local-exec\" {\n    command = \"sleep %d\"\n  }\n", seconds)
			}
			body += fmt.Sprintf("resource \"terraform_data\" \"this\" {\n  input = %s\n%s}\n\noutput \"id\" {\n  value = terraform_data.this.output\n}\n", input, work)
			tree["env/"+workspaceName(chain, level)+"/main.tf"] = body
		}
	}
	repo := gittest.New(b)
	repo.Commit("chains", tree)
	return repo
}

// runBareTerraform runs Terraform in all workspaces below dir: of the chains that wait,
// the one with most left to do goes on.
func runBareTerraform(terraform, dir string) error {
	var (
		mu         sync.Mutex
		changed    = sync.NewCond(&mu)
		doneLevels [chainCount]int
		busy       [chainCount]bool
		failed     error
	)
	next := func() (chain int, ok bool) {
		for failed == nil {
			best, remaining := -1, 0
			for c := range chainCount {
				remaining += levelCount - doneLevels[c]
				if !busy[c] && doneLevels[c] < levelCount && (best < 0 || doneLevels[c] < doneLevels[best]) {
					best = c
				}
			}
			if best >= 0 || remaining == 0 {
				return best, best >= 0
			}
			changed.Wait()
		}
		return 0, false
	}
	var workers sync.WaitGroup
	for range parallelism {
		workers.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for chain, ok := next(); ok; chain, ok = next() {
				busy[chain] = true
				level := doneLevels[chain]
				mu.Unlock()
				err := runCycle(terraform, filepath.Join(dir, "env", workspaceName(chain, level)))
				mu.Lock()
				busy[chain], doneLevels[chain] = false, level+1
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

// runCycle runs what a person would run in one workspace.
func runCycle(terraform, dir string) error {
	for _, args := range [][]string{
		{"init", "-input=false"}, {"plan", "-input=false", "-out=plan"}, {"show", "-json", "plan"},
		{"apply", "-input=false", "plan"}, {"output", "-json"},
	} {
		cmd := exec.Command(terraform, args...)
		cmd.Dir, cmd.Env = dir, cleanEnv()
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("terraform %v in %s: %w\n%s", args, dir, err, out)
		}
	}
	return nil
}
