package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source/gittest"
)

// BenchmarkPoll is a pass with nothing to do, as a whole process, on a remote
// with 5,000 refs; next to one question of the C git's.
func BenchmarkPoll(b *testing.B) {
	program := buildProgram(b)
	repo := gittest.New(b)
	addRefs(b, repo, repo.Commit("first", map[string]string{"env/one/main.tf": "resource \"terraform_data\" \"one\" {}\n"}))
	// Of the 30 ms of processor time some 25 are the start of the process. They vary by a third
	// from run to run, so the bounds are for a start that costs half as much again.
	for protocol, highest := range map[string]bound{"v2": {wall: 1, cpu: 1.4}, "v0": {wall: 1.3, cpu: 1.6}} {
		b.Run(protocol, func(b *testing.B) {
			server := gittest.ServeHTTP(b, repo)
			server.Username, server.Password, server.OnlyV0 = "ann", "password", protocol == "v0"
			setup := &benchSetup{TB: b, url: server.URL, username: server.Username, password: server.Password, dir: b.TempDir()}
			if err := setup.runStubPass(run.Options{}); err != nil {
				b.Fatal(err)
			}
			compareCosts(b, highest,
				func() cost { return runProcess(b, 0, setup.command(program, "now")) },
				func() cost {
					cmd := exec.Command("git", "ls-remote", server.URLWithPassword(), "refs/heads/main")
					cmd.Env = cleanEnv()
					return runProcess(b, 0, cmd)
				})
			memory := peakMemory(b, setup.command(program, "now"))
			b.ReportMetric(memory, "MiB")
			checkBound(b, "memory", "MiB", memory, 64)
		})
	}
}

// addRefs adds 5,000 refs, as the pull requests of years leave them.
func addRefs(b *testing.B, repo *gittest.Repo, commit commitid.ID) {
	var refs strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&refs, "create refs/pull/%d/head %s\n", i, commit)
	}
	update := exec.Command("git", "-C", repo.Dir, "update-ref", "--stdin")
	update.Stdin = strings.NewReader(refs.String())
	if out, err := update.CombinedOutput(); err != nil {
		b.Fatalf("git update-ref: %v\n%s", err, out)
	}
	gittest.Git(b, repo.Dir, "pack-refs", "--all")
}
