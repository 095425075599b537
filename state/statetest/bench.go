package statetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"reconcile/internal/stateid"
	"reconcile/state"
)

// BenchmarkWorkspaces reads a record of n workspaces, each with a trace of 12
// inputs.
func BenchmarkWorkspaces(b *testing.B, store state.Store, n int) {
	r := state.New(store, "record", state.Options{})
	fillRecord(b, r, n)
	for b.Loop() {
		if all, err := r.Workspaces(b.Context()); err != nil || len(all) != n {
			b.Fatalf("%d workspaces, %v", len(all), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/workspace")
}

// BenchmarkHead reads a head: all that a pass with nothing to do reads.
func BenchmarkHead(b *testing.B, store state.Store) {
	r := state.New(store, "record", state.Options{})
	fillRecord(b, r, 1)
	for b.Loop() {
		if h, err := r.Head(b.Context()); err != nil || h.Rev != 1 {
			b.Fatalf("%+v, %v", h, err)
		}
	}
}

// BenchmarkCycle takes workspaces through Acquire, Workspace, BeginApply and
// WriteAndRelease, several at once.
func BenchmarkCycle(b *testing.B, store state.Store, parallel int) {
	r := state.New(store, "record", state.Options{})
	fillRecord(b, r, 1000)
	names := make(chan int)
	var wg sync.WaitGroup
	for range parallel {
		wg.Go(func() {
			for i := range names {
				if err := runCycle(b, r, i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	n := 0
	for b.Loop() {
		names <- n % 1000
		n++
	}
	close(names)
	wg.Wait()
}

func runCycle(b *testing.B, r *state.Record, i int) error {
	w := benchWorkspace(i)
	l, err := r.Acquire(b.Context(), state.LeaseRequest{Identity: w.Identity, Workspace: w.Name, Run: "run", Generation: 1, MaxWait: time.Minute})
	if err != nil {
		return err
	}
	w, _, err = r.Workspace(b.Context(), w.Name)
	if err != nil {
		return err
	}
	w.Attempt = &state.Attempt{Run: "run", Process: state.Process{Host: "h"}}
	if err := l.BeginApply(b.Context(), w); err != nil {
		return err
	}
	w.Attempt = nil
	w.ApplyCount++
	return l.WriteAndRelease(b.Context(), w)
}

// fillRecord records a head and n workspaces.
func fillRecord(b *testing.B, r *state.Record, n int) {
	b.Helper()
	if _, err := r.Adopt(b.Context(), state.Head{Commit: "c1", ConfigHash: "basis", Repo: "https://host/repo.git", Branch: "main"}); err != nil {
		b.Fatal(err)
	}
	work := make(chan int)
	var wg sync.WaitGroup
	for range 64 { // so that writes share flushes
		wg.Go(func() {
			for i := range work {
				w := benchWorkspace(i)
				l, err := r.Acquire(b.Context(), state.LeaseRequest{Identity: w.Identity, Workspace: w.Name})
				if err == nil {
					err = l.WriteAndRelease(b.Context(), w)
				}
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
}

func benchWorkspace(i int) state.Workspace {
	w := state.Workspace{
		Name: fmt.Sprintf("workspace-%05d", i), Path: fmt.Sprintf("env/workspace-%05d", i),
		Identity: stateid.ID(fmt.Sprintf("s3://company-terraform-states/workspace-%05d/terraform.tfstate", i)),
		Commit:   "6e1b5d0a4c8f2937b5a1d0e9c8f7a6b5c4d3e2f1", Run: "01JDABCDEFGHJKMNPQRSTVWXYZ",
		Outcome: state.Applied, OutcomeAt: testTime, OutputsDigest: "k1:0123456789abcdef0123456789abcdef", ApplyCount: 3,
		PlanDigest: "0123456789abcdef0123456789abcdef", TerraformVersion: "1.11.4", Risk: "update",
		Reads: []stateid.ID{"s3://company-terraform-states/common/terraform.tfstate"}, DependsOn: []string{"common"},
		Trace: state.Trace{"//settings": "0123456789abcdef", "//rules": "1", "//upstream/common": "k1:0123456789abcdef/7"},
	}
	w.Trace[w.Path] = fmt.Sprintf("040000:%040x", i)
	for m := range 8 {
		w.Trace[fmt.Sprintf("modules/module-%03d", (i*7+m)%300)] = fmt.Sprintf("040000:%040x", i*m)
	}
	return w
}
