package main

import (
	"os/exec"
	"testing"

	"reconcile/reconciler"
)

// BenchmarkChanged asks which of 1,000 workspaces a commit to one of 300
// modules makes stale, in a tree of 20,000 files, as a whole process, next to
// Terramate: by the record, and between two commits with nothing recorded.
func BenchmarkChanged(b *testing.B) {
	program, terramate := builtProgram(b), benchTool(b, "terramate")
	repo := newMonorepo(b, 1000, 300, 20_000)
	at := &bench{B: b, url: repo.Work, dir: b.TempDir()}
	if err := at.stubPass(reconciler.Options{}); err != nil {
		b.Fatal(err)
	}
	tip := repo.touch()
	ways := map[string][]string{
		"record":  {"changed"},
		"commits": {"changed", "--from", repo.from, "--to", tip},
	}
	for _, packed := range []bool{false, true} {
		objects := "loose"
		if packed {
			repo.pack()
			objects = "packed"
		}
		for way, args := range ways {
			b.Run(way+"/"+objects, func(b *testing.B) {
				duel(b,
					func() cost { return process(b, 2, at.command(program, args...)) },
					func() cost {
						cmd := exec.Command(terramate, "list", "--changed")
						cmd.Dir, cmd.Env = repo.Work, plain()
						return process(b, 0, cmd)
					})
			})
		}
	}
}
