package main

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"reconcile/reconciler"
	"reconcile/reconciler/source/gittest"
)

// BenchmarkPoll is a pass with nothing to do, as a whole process, on a remote
// with 5,000 refs; next to one question of the C git's.
func BenchmarkPoll(b *testing.B) {
	program := builtProgram(b)
	repo := gittest.New(b)
	manyRefs(b, repo, repo.Commit("first", map[string]string{"env/one/main.tf": "resource \"terraform_data\" \"one\" {}\n"}))
	for _, protocol := range []string{"v2", "v0"} {
		b.Run(protocol, func(b *testing.B) {
			server := gittest.ServeHTTP(b, repo)
			server.Username, server.Password, server.V0 = "ann", "password", protocol == "v0"
			at := &bench{B: b, url: server.URL, username: server.Username, password: server.Password, dir: b.TempDir()}
			if err := at.stubPass(reconciler.Options{}); err != nil {
				b.Fatal(err)
			}
			duel(b,
				func() cost { return process(b, 0, at.command(program, "now")) },
				func() cost {
					cmd := exec.Command("git", "ls-remote", server.WithPassword(), "refs/heads/main")
					cmd.Env = plain()
					return process(b, 0, cmd)
				})
			b.ReportMetric(peak(b, at.command(program, "now")), "MiB")
		})
	}
}

// manyRefs adds 5,000 refs, as the pull requests of years leave them.
func manyRefs(b *testing.B, repo *gittest.Repo, commit string) {
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
