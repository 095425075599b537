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

	"reconcile/state"
)

// childEnv makes a test binary one of the processes of a test.
const childEnv = "RECONCILE_STATETEST"

// task is what such a process does.
type task struct {
	Do    string // "count", "hold" or "write"
	Spec  string // of the store, for Main's open
	Dir   string // where processes meet that must not meet
	Lease time.Duration
}

// Main is the TestMain of a package that uses Processes: open opens the store
// that a spec names, in another process.
func Main(m *testing.M, open func(spec string) (state.Store, error)) {
	given, isChild := os.LookupEnv(childEnv)
	if !isChild {
		os.Exit(m.Run())
	}
	if err := child(given, open); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(given string, open func(string) (state.Store, error)) error {
	var t task
	if err := json.Unmarshal([]byte(given), &t); err != nil {
		return err
	}
	store, err := open(t.Spec)
	if err != nil {
		return err
	}
	r := state.New(store, "record", state.Options{Lease: t.Lease, Poll: pollOf(t.Lease)})
	switch t.Do {
	case "count":
		return t.count(r)
	case "hold":
		return t.hold(r)
	case "write":
		return t.write(store)
	default:
		return fmt.Errorf("unknown task %q", t.Do)
	}
}

// pollOf is often: the tests' leases are held for milliseconds.
func pollOf(lease time.Duration) time.Duration { return min(lease/60, 5*time.Millisecond) }

const (
	countRounds     = 8
	countWorkspaces = 3
)

// count raises counters of workspaces under their leases, and fails if it is
// not alone.
func (t task) count(r *state.Record) error {
	for round := range countRounds * countWorkspaces {
		name := fmt.Sprint("w", round%countWorkspaces)
		if err := t.countOne(r, name); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

func (t task) countOne(r *state.Record, name string) error {
	ctx := context.Background()
	l, err := r.Acquire(ctx, state.Claim{Identity: "local:" + name, Workspace: name, Run: fmt.Sprint(os.Getpid()), Generation: 1, Wait: time.Hour})
	if err != nil {
		return err
	}
	alone := filepath.Join(t.Dir, name)
	if err := os.Mkdir(alone, 0o700); err != nil {
		return fmt.Errorf("two processes hold one lease: %w", err)
	}
	w, _, err := r.Workspace(ctx, name)
	if err != nil {
		return err
	}
	w.Name, w.Identity = name, "local:"+name
	w.Attempt = &state.Attempt{Run: fmt.Sprint(os.Getpid())}
	if err := l.Begin(ctx, w); err != nil {
		return err
	}
	w.Attempt = nil
	w.Counter++
	if err := os.Remove(alone); err != nil {
		return err
	}
	return l.Finish(ctx, w)
}

// hold takes a lease and says so; when told to go on it waits to lose it, and
// says what comes of a write then.
func (t task) hold(r *state.Record) error {
	l, err := r.Acquire(context.Background(), state.Claim{Identity: identity, Workspace: "tokyo", Run: "child"})
	if err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	<-l.Context().Done()
	<-l.Hard().Done()
	err = l.Write(context.Background(), newTokyo("late"))
	switch {
	case !errors.Is(err, state.ErrLeaseLost):
		return fmt.Errorf("a late write was not refused: %w", err)
	case !errors.Is(context.Cause(l.Hard()), state.ErrLeaseLost):
		return context.Cause(l.Hard())
	default:
		fmt.Println("refused")
		return nil
	}
}

// pair are two items that are only ever written together.
var pair = [2]state.Key{{PK: "pair", SK: "a"}, {PK: "other", SK: "b"}}

// write writes the pair, again and again.
func (t task) write(store state.Store) error {
	for n := 0; ; n++ {
		value := fmt.Appendf(nil, `{"n":%d,"pid":%d}`, n, os.Getpid())
		err := store.Write(context.Background(), state.Op{Key: pair[0], Put: value}, state.Op{Key: pair[1], Put: value})
		if err != nil {
			return err
		}
	}
}
