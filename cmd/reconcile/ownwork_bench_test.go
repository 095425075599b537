package main

import (
	"testing"

	"reconcile/reconciler/run"
)

// BenchmarkOwnWork is a pass over 10,000 workspaces with a stub in Terraform's
// place, so that all that is left is our own work: the first one, and one that
// plans and applies everything again.
func BenchmarkOwnWork(b *testing.B) {
	const workspaces = 10_000
	repo := newMonorepo(b, workspaces, 300, 0)
	repo.pack()
	var first, again []cost
	for b.Loop() {
		setup := &benchSetup{TB: b, url: repo.Work, dir: b.TempDir()}
		first = append(first, runInProcess(b, func() error { return setup.runStubPass(run.Options{}) }))
		again = append(again, runInProcess(b, func() error { return setup.runStubPass(run.Options{Replan: true}) }))
	}
	b.ReportMetric(0, "ns/op")
	reportPerWorkspace(b, first, workspaces, "first")
	reportPerWorkspace(b, again, workspaces, "again")
}

// reportPerWorkspace reports medians by workspace.
func reportPerWorkspace(b *testing.B, costs []cost, workspaces float64, name string) {
	var cpu, wall []float64
	for _, c := range costs {
		cpu = append(cpu, float64(c.cpu.Microseconds())/workspaces)
		wall = append(wall, float64(c.wall.Microseconds())/workspaces)
	}
	b.ReportMetric(median(cpu), name+"-cpu-µs/workspace")
	checkBound(b, name+": processor time", "µs a workspace", median(cpu), 1300)
	b.ReportMetric(median(wall), name+"-µs/workspace")
}
