package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/snapshot"
)

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
		case strings.HasPrefix(op.Key.SK, "WS#") && op.Delete:
			w.kind = "rename"
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

func (s modelSnapshots) Put(_ context.Context, commit string, _ time.Time, _ snapshot.Tree, _ []byte) (string, error) {
	m := s.on.m
	err := s.on.flight.boundary("snapshot", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.snapshots[commit] = true
		return nil
	})
	return "snapshot of " + commit, err
}

// Fetch is for work that is done elsewhere, which the model has none of.
func (modelSnapshots) Fetch(context.Context, string, string, snapshot.Check) error {
	return errors.ErrUnsupported
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
