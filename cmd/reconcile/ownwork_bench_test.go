package main

import "testing"

// BenchmarkOwnWork is the first pass over 10,000 workspaces with a stub in
// Terraform's place: all that is left is our own work.
func BenchmarkOwnWork(b *testing.B) {
	const workspaces = 10_000
	repo := newMonorepo(b, workspaces, 300, 0)
	repo.pack()
	var cpu, wall []float64
	for b.Loop() {
		at := &bench{B: b, url: repo.Work, dir: b.TempDir()}
		c := inside(b, at.stubPass)
		cpu = append(cpu, float64(c.cpu.Microseconds())/workspaces)
		wall = append(wall, float64(c.wall.Microseconds())/workspaces)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(cpu), "cpu-µs/workspace")
	b.ReportMetric(median(wall), "µs/workspace")
}
