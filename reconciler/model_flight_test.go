package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing/synctest"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// flight is a pass under way. It runs until it comes to a halt, and there it
// stands until it is let go.
type flight struct {
	m      *model
	on     *process
	run    string
	size   string // of the variable TF_VAR_size
	stop   string // where to halt: a kind of boundary; "" nowhere
	at     *halt  // where it stands
	killed bool   // nothing that it does has an effect any more
	frozen bool   // its leases are not renewed
	done   bool
	reads  string // what it reads records of workspaces for: decide, upstreams

	fetches int
	applies map[string]int           // by state identity
	seen    map[string]int64         // generation of the lease held, by state identity
	success map[string]*successEvent // the last that Terraform came to, by state identity

	result *reconciler.Result
	err    error
}

// halt is a boundary at which a flight stands: nothing lasting has happened
// yet at it.
type halt struct {
	kind string
	goes chan verdict
}

// verdict is what becomes of a boundary.
type verdict int

const (
	goOn      verdict = iota
	fails             // no effect, and an error
	failsLate         // the effect, and an error
	dies              // the process is killed before it
	diesLate          // the process is killed right after the effect
)

var (
	errFault  = errors.New("injected fault")
	errKilled = errors.New("killed")
)

// boundaryKinds are where a flight can be halted.
var boundaryKinds = []string{
	"tip", "fetch", "head", "survey", "snapshot", "lease", "decide", "plan", "planned",
	"begin", "apply", "applied", "upstreams", "record", "release",
}

// boundary has a flight come to a boundary, and what is to happen there
// happen.
func (f *flight) boundary(kind string, effect func() error) error {
	switch f.reach(kind) {
	case fails:
		return errFault
	case failsLate:
		_ = effect()
		return errFault
	case dies:
		return errKilled
	case diesLate:
		_ = effect()
		return errKilled
	}
	return effect()
}

func (f *flight) reach(kind string) verdict {
	f.m.mu.Lock()
	if f.killed {
		f.m.mu.Unlock()
		return dies
	}
	if kind == "" || kind != f.stop {
		f.m.mu.Unlock()
		return goOn
	}
	h := &halt{kind, make(chan verdict)}
	f.at = h
	f.m.mu.Unlock()
	v := <-h.goes
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	f.at = nil
	f.killed = f.killed || v == dies || v == diesLate
	return v
}

// proceed lets a flight go on until it halts at that kind of boundary, or
// ends.
func (f *flight) proceed(v verdict, stop string) {
	f.m.mu.Lock()
	f.stop = stop
	at := f.at
	f.m.mu.Unlock()
	if at != nil {
		at.goes <- v
	}
	const hangs = time.Hour
	for range hangs / time.Second {
		synctest.Wait()
		f.m.mu.Lock()
		stands := f.done || f.at != nil && f.at != at
		f.m.mu.Unlock()
		if stands {
			return
		}
		time.Sleep(time.Second)
	}
	f.m.violated("pass %s hangs", f.run)
}

// modelStore is the record as one flight sees it.
type modelStore struct {
	state.Store
	on *process
}

func (s modelStore) Get(ctx context.Context, k state.Key) (value json.RawMessage, err error) {
	f := s.on.flight
	if f == nil {
		return s.Store.Get(ctx, k)
	}
	kind := ""
	if strings.HasPrefix(k.SK, "WS#") {
		kind = f.reads
	}
	err = f.boundary(kind, func() (err error) {
		value, err = s.Store.Get(ctx, k)
		return err
	})
	return value, err
}

func (s modelStore) List(ctx context.Context, pk, prefix string) (items []state.Item, err error) {
	f := s.on.flight
	if f == nil {
		return s.Store.List(ctx, pk, prefix)
	}
	kind := ""
	if prefix == "WS#" {
		kind = "survey"
	}
	err = f.boundary(kind, func() (err error) {
		items, err = s.Store.List(ctx, pk, prefix)
		return err
	})
	return items, err
}

func (s modelStore) Write(ctx context.Context, ops ...state.Op) error {
	f := s.on.flight
	if f == nil {
		return s.Store.Write(ctx, ops...)
	}
	w := readWrite(ops)
	if w.kind == "renewal" {
		return f.renew(ctx, func() error { return s.Store.Write(ctx, ops...) })
	}
	return f.boundary(w.kind, func() error {
		before := s.on.m.store.Copy()
		if err := s.Store.Write(ctx, ops...); err != nil {
			return err
		}
		s.on.m.wrote(f, before, w)
		return nil
	})
}

// renew is a write that is no boundary: leases are renewed while a flight
// stands, unless it is frozen.
func (f *flight) renew(ctx context.Context, write func() error) error {
	f.m.mu.Lock()
	killed, frozen := f.killed, f.frozen
	f.m.mu.Unlock()
	switch {
	case killed:
		return errKilled
	case frozen:
		<-ctx.Done()
		return context.Cause(ctx)
	}
	return write()
}

// written is what a write means.
type written struct {
	kind       string
	workspace  *state.Workspace
	lease      *state.LeaseItem // taken, renewed or given up
	under      string           // the state identity whose lease it is checked against
	generation int64            // that it is checked against; 0: none
}

func readWrite(ops []state.Op) (w written) {
	for _, op := range ops {
		switch {
		case op.Key.SK == "HEAD" && op.Put == nil:
			w.generation, _ = op.If.Equal["generation"].(int64)
		case op.Key.SK == "HEAD":
			w.kind = "head"
		case op.Key.PK == state.LeasePartition && op.Put == nil:
			w.under = op.Key.SK
		case op.Key.PK == state.LeasePartition:
			w.under, w.lease = op.Key.SK, &state.LeaseItem{}
			_ = json.Unmarshal(op.Put, w.lease)
			switch {
			case w.lease.Owner == "":
				w.kind = "release"
			case w.lease.Beat > 0:
				w.kind = "renewal"
			default:
				w.kind = "lease"
			}
		case strings.HasPrefix(op.Key.SK, "WS#") && op.Put != nil:
			w.workspace = &state.Workspace{}
			_ = json.Unmarshal(op.Put, w.workspace)
			if w.kind == "" {
				w.kind = "record"
			}
		}
	}
	if w.kind == "record" && w.generation != 0 {
		w.kind = "begin"
	}
	return w
}

// modelSource is the repository as one process sees it.
type modelSource struct {
	reconciler.Source
	on *process
}

func (s modelSource) Tip(ctx context.Context, protocol string) (tip source.Tip, err error) {
	if s.on.flight == nil {
		return s.Source.Tip(ctx, protocol)
	}
	err = s.on.flight.boundary("tip", func() (err error) {
		tip, err = s.Source.Tip(ctx, protocol)
		return err
	})
	return tip, err
}

func (s modelSource) Fetch(ctx context.Context, id string) (commit *source.Commit, err error) {
	f := s.on.flight
	if f == nil {
		return s.Source.Fetch(ctx, id)
	}
	f.fetches++
	err = f.boundary("fetch", func() (err error) {
		commit, err = s.Source.Fetch(ctx, id)
		return err
	})
	return commit, err
}

// modelSnapshots remembers which commits it keeps.
type modelSnapshots struct{ on *process }

func (s modelSnapshots) Put(_ context.Context, commit string, _ time.Time, _ snapshot.Tree) (string, error) {
	m := s.on.m
	err := s.on.flight.boundary("snapshot", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.snapshots[commit] = true
		return nil
	})
	return "snapshot of " + commit, err
}

func (modelSnapshots) Prune(context.Context, time.Time, func(string) bool) ([]string, error) {
	return nil, nil
}

func (modelSnapshots) PutLog(context.Context, string, string, io.Reader) error { return nil }

func (modelSnapshots) PutFile(context.Context, string, string, string, io.Reader) (string, error) {
	return "", nil
}

func (modelSnapshots) PruneLogs(context.Context, time.Time, func(string) bool) ([]string, error) {
	return nil, nil
}
