package main

import (
	"os/exec"
	"testing"

	"reconcile/reconciler/run"
)

// BenchmarkChanged asks which of 1,000 workspaces a commit to one of 300
// modules makes stale, in a tree of 20,000 files, as a whole process, next to
// Terramate: by the record, and between two commits with nothing recorded.
func BenchmarkChanged(b *testing.B) {
	program, terramate := buildProgram(b), findTool(b, "terramate")
	repo := newMonorepo(b, 1000, 300, 20_000)
	setup := &benchSetup{B: b, url: repo.Work, dir: b.TempDir()}
	if err := setup.runStubPass(run.Options{}); err != nil {
		b.Fatal(err)
	}
	tip := repo.touch()
	ways := map[string][]string{
		"record":  {"changed"},
		"commits": {"changed", "--from", string(repo.firstCommit), "--to", string(tip)},
	}
	for _, packed := range []bool{false, true} {
		objects := "loose"
		if packed {
			repo.pack()
			objects = "packed"
		}
		for way, args := range ways {
			b.Run(way+"/"+objects, func(b *testing.B) {
				compareCosts(b,
					func() cost { return runProcess(b, 2, setup.command(program, args...)) },
					func() cost {
						cmd := exec.Command(terramate, "list", "--changed")
						cmd.Dir, cmd.Env = repo.Work, cleanEnv()
						return runProcess(b, 0, cmd)
					})
			})
		}
	}
}
