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
	setup := &benchSetup{TB: b, url: repo.Work, dir: b.TempDir()}
	if err := setup.runStubPass(run.Options{}); err != nil {
		b.Fatal(err)
	}
	tip := repo.touch()
	byRecord, byCommits := []string{"changed"}, []string{"changed", "--from", string(repo.firstCommit), "--to", string(tip)}
	rows := []struct {
		name    string
		packed  bool
		args    []string
		highest bound
	}{
		{"record/loose", false, byRecord, bound{wall: 0.06, cpu: 0.045}},
		{"commits/loose", false, byCommits, bound{wall: 0.33, cpu: 0.3}},
		{"record/packed", true, byRecord, bound{wall: 0.06, cpu: 0.045}},
		{"commits/packed", true, byCommits, bound{wall: 0.3, cpu: 0.23}},
	}
	packed := false
	for _, row := range rows {
		if row.packed && !packed {
			repo.pack()
			packed = true
		}
		b.Run(row.name, func(b *testing.B) {
			compareCosts(b, row.highest,
				func() cost { return runProcess(b, 2, setup.command(program, row.args...)) },
				func() cost {
					cmd := exec.Command(terramate, "list", "--changed")
					cmd.Dir, cmd.Env = repo.Work, cleanEnv()
					return runProcess(b, 0, cmd)
				})
		})
	}
}
