package statetest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/state"
)

// childEnv makes a test binary one of the processes of a test.
const childEnv = "RECONCILE_STATETEST"

// childSpec tells a child process what to do.
type childSpec struct {
	Action    string // "count", "hold" or "write"
	StoreSpec string // for Main's open
	Dir       string // for the files by which processes check that each is alone
	Lease     time.Duration
}

// Main runs the tests of a package that uses RunProcesses. open opens the store of a spec in
// another process.
func Main(m *testing.M, open func(spec string) (state.Store, error)) {
	specJSON, isChild := os.LookupEnv(childEnv)
	if !isChild {
		os.Exit(m.Run())
	}
	if err := runChild(specJSON, open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runChild(specJSON string, open func(string) (state.Store, error)) error {
	var t childSpec
	if err := json.Unmarshal([]byte(specJSON), &t); err != nil {
		return err
	}
	store, err := open(t.StoreSpec)
	if err != nil {
		return err
	}
	r := state.New(store, "record", state.Options{LeaseDuration: t.Lease, PollInterval: pollIntervalOf(t.Lease)})
	switch t.Action {
	case "count":
		return t.count(r)
	case "hold":
		return t.hold(r)
	case "write":
		return t.write(store)
	default:
		return fmt.Errorf("unknown task %q", t.Action)
	}
}

// pollIntervalOf returns a short interval: the tests hold leases for milliseconds.
func pollIntervalOf(lease time.Duration) time.Duration { return min(lease/60, 5*time.Millisecond) }

const (
	countRounds     = 8
	countWorkspaces = 3
)

// count raises counters of workspaces under their leases. It fails if another process is
// at work under the same lease.
func (s childSpec) count(r *state.Record) error {
	for round := range countRounds * countWorkspaces {
		name := fmt.Sprint("w", round%countWorkspaces)
		if err := s.countOne(r, name); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

func (s childSpec) countOne(r *state.Record, name string) error {
	ctx := context.Background()
	l, err := r.Acquire(ctx, state.LeaseRequest{Identity: stateid.ID("local:" + name), Workspace: name, Run: runid.ID(fmt.Sprint(os.Getpid())), Generation: 1, MaxWait: time.Hour})
	if err != nil {
		return err
	}
	alone := filepath.Join(s.Dir, name)
	if err := os.Mkdir(alone, 0o700); err != nil {
		return fmt.Errorf("two processes hold one lease: %w", err)
	}
	w, _, err := r.Workspace(ctx, name)
	if err != nil {
		return err
	}
	w.Name, w.Identity = name, stateid.ID("local:"+name)
	w.Attempt = &state.Attempt{Run: runid.ID(fmt.Sprint(os.Getpid()))}
	if err := l.BeginApply(ctx, w); err != nil {
		return err
	}
	w.Attempt = nil
	w.ApplyCount++
	if err := os.Remove(alone); err != nil {
		return err
	}
	return l.WriteAndRelease(ctx, w)
}

// hold acquires a lease and prints "held". After a line on stdin it waits for the loss of
// the lease, writes, and prints "refused".
func (s childSpec) hold(r *state.Record) error {
	l, err := r.Acquire(context.Background(), state.LeaseRequest{Identity: identity, Workspace: "tokyo", Run: "child"})
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	<-l.Context().Done()
	<-l.KillContext().Done()
	err = l.Write(context.Background(), newTokyo("late"))
	switch {
	case !errors.Is(err, state.ErrLeaseLost):
		return fmt.Errorf("a late write was not refused: %w", err)
	case !errors.Is(context.Cause(l.KillContext()), state.ErrLeaseLost):
		return context.Cause(l.KillContext())
	default:
		fmt.Println("refused")
		return nil
	}
}

// itemPair is two items that are only ever written together.
var itemPair = [2]state.Key{{PK: "pair", SK: "a"}, {PK: "other", SK: "b"}}

// write writes the pair in a loop.
func (s childSpec) write(store state.Store) error {
	for n := 0; ; n++ {
		value := fmt.Appendf(nil, `{"n":%d,"pid":%d}`, n, os.Getpid())
		err := store.Write(context.Background(), state.Op{Key: itemPair[0], Put: value}, state.Op{Key: itemPair[1], Put: value})
		if err != nil {
			return err
		}
	}
}
