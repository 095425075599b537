package main

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/wire"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/state"
	"reconcile/state/snapshot"
	"reconcile/state/statetest"
)

// followedRun is a run that runRuns follows: what it prints, and how it ends.
type followedRun struct {
	run    runid.ID
	record *state.Record
	logs   *snapshot.Store
	lease  *state.Lease
	out    strings.Builder
	err    chan error
}

// follow begins to follow a run that holds a lease.
func follow(t *testing.T) *followedRun {
	t.Helper()
	logs, err := snapshot.Open(t.Context(), t.TempDir(), aws.Config{})
	if err != nil {
		t.Fatal(err)
	}
	f := &followedRun{run: runid.ID("01JD0000000000000000000000"), record: state.New(statetest.NewMemory(), "r", state.Options{}), logs: logs, err: make(chan error, 1)}
	f.lease, err = f.record.Acquire(t.Context(), state.LeaseRequest{Identity: stateid.ID("local:a"), Workspace: "a", Run: f.run})
	if err != nil {
		t.Fatal(err)
	}
	a := newApp()
	a.out = &f.out
	go func() {
		f.err <- followRun(t.Context(), a, &wire.Deps{Record: f.record, Snapshots: logs}, runsOptions{id: latestRun})
	}()
	synctest.Wait()
	return f
}

// finish writes a workspace's log and releases the lease.
func (f *followedRun) finish(t *testing.T, workspace string) {
	t.Helper()
	if err := f.logs.PutLog(t.Context(), f.run, workspace, strings.NewReader("the log of "+workspace)); err != nil {
		t.Error(err)
	}
	if err := f.lease.Release(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// Between two workspaces a run holds no lease: who follows it sees the logs of both.
func TestFollowBetweenWorkspaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t)
		f.finish(t, "a")
		<-time.After(followPoll) // by the test's clock: it looks, and finds no lease
		synctest.Wait()
		var err error
		if f.lease, err = f.record.Acquire(t.Context(), state.LeaseRequest{Identity: stateid.ID("local:b"), Workspace: "b", Run: f.run}); err != nil {
			t.Fatal(err)
		}
		f.finish(t, "b")
		if err := f.record.PutRun(t.Context(), state.Run{ID: f.run, StartedAt: time.Now(), EndedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		if err := <-f.err; err != nil || !strings.Contains(f.out.String(), "the log of a") || !strings.Contains(f.out.String(), "the log of b") {
			t.Errorf("%v\n%s", err, f.out.String())
		}
	})
}

// A run that was killed writes no result: who follows it learns that.
func TestFollowOfAKilledRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t)
		f.finish(t, "a")
		if err := <-f.err; err == nil || !strings.Contains(err.Error(), "has recorded no result") {
			t.Errorf("%v\n%s", err, f.out.String())
		}
	})
}
