package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// modelStore is the record as one pass sees it.
type modelStore struct {
	state.Store
	process *process
}

func (s modelStore) Get(ctx context.Context, k state.Key) (value json.RawMessage, err error) {
	f := s.process.pass
	if f == nil {
		return s.Store.Get(ctx, k)
	}
	kind := ""
	if strings.HasPrefix(k.SK, "WS#") {
		kind = f.readPurpose
	}
	err = f.runEffect(kind, func() (err error) {
		value, err = s.Store.Get(ctx, k)
		return err
	})
	return value, err
}

func (s modelStore) ListPages(ctx context.Context, pk, prefix string, fn func(page []state.Item) error) error {
	f := s.process.pass
	if f == nil {
		return s.Store.ListPages(ctx, pk, prefix, fn)
	}
	kind := ""
	if prefix == "WS#" {
		kind = "discover"
	}
	return f.runEffect(kind, func() error { return s.Store.ListPages(ctx, pk, prefix, fn) })
}

func (s modelStore) Write(ctx context.Context, ops ...state.Op) error {
	f := s.process.pass
	if f == nil {
		return s.Store.Write(ctx, ops...)
	}
	w := summarizeWrite(ops)
	if w.kind == "renewal" {
		return f.writeRenewal(ctx, func() error { return s.Store.Write(ctx, ops...) })
	}
	return f.runEffect(w.kind, func() error {
		s.process.m.writeMu.Lock()
		defer s.process.m.writeMu.Unlock()
		before := s.process.m.store.Copy()
		if err := s.Store.Write(ctx, ops...); err != nil {
			return err
		}
		s.process.m.checkWrite(f, before, w)
		return nil
	})
}

// writeRenewal does a write that is no breakpoint: leases are renewed while a pass stands
// still, unless it is frozen.
func (f *inFlightPass) writeRenewal(ctx context.Context, write func() error) error {
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

// writeSummary is the meaning of a write.
type writeSummary struct {
	kind          string
	workspace     *state.Workspace
	lease         *state.LeaseItem // acquired, renewed or released
	leaseIdentity stateid.ID       // the state identity whose lease the write checks
	generation    int64            // that the write checks; 0: none
}

func summarizeWrite(ops []state.Op) (w writeSummary) {
	for _, op := range ops {
		switch {
		case op.Key.SK == "HEAD" && op.Put == nil:
			w.generation, _ = op.If.Equal["generation"].(int64)
		case op.Key.SK == "HEAD":
			w.kind = "head"
		case op.Key.PK == state.LeasePartition && op.Put == nil:
			w.leaseIdentity = stateid.ID(op.Key.SK)
		case op.Key.PK == state.LeasePartition:
			w.leaseIdentity, w.lease = stateid.ID(op.Key.SK), &state.LeaseItem{}
			_ = json.Unmarshal(op.Put, w.lease)
			switch {
			case w.lease.Owner == "":
				w.kind = "release"
			case w.lease.Heartbeat > 0:
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
	run.Source
	process *process
}

func (s modelSource) Tip(ctx context.Context, protocol string) (tip source.Tip, err error) {
	if s.process.pass == nil {
		return s.Source.Tip(ctx, protocol)
	}
	err = s.process.pass.runEffect("tip", func() (err error) {
		if s.process.m.isGitAway() {
			return errors.New("Git does not answer")
		}
		tip, err = s.Source.Tip(ctx, protocol)
		return err
	})
	return tip, err
}

func (s modelSource) Fetch(ctx context.Context, id commitid.ID) (commit *source.Commit, err error) {
	f := s.process.pass
	if f == nil {
		return s.Source.Fetch(ctx, id)
	}
	f.fetchCount++
	err = f.runEffect("fetch", func() (err error) {
		commit, err = s.Source.Fetch(ctx, id)
		return err
	})
	return commit, err
}

// modelSnapshots records which commits are stored.
type modelSnapshots struct{ process *process }

func (s modelSnapshots) Put(_ context.Context, commit commitid.ID, _ time.Time, _ snapshot.Tree, objects []byte) (string, error) {
	m := s.process.m
	err := s.process.pass.runEffect("snapshot", func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.snapshots[commit], m.snapshotObjects[commit] = true, slices.Clone(objects)
		return nil
	})
	return "snapshot of " + string(commit), err
}

// Fetch lays out the files of a stored commit.
func (s modelSnapshots) Fetch(_ context.Context, commit commitid.ID, dir string, verify snapshot.TreeVerifier) error {
	m := s.process.m
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.commits, func(c modelCommit) bool { return c.id == commit })
	if i < 0 || !m.snapshots[commit] {
		return errors.New("no snapshot of this commit is stored")
	}
	files := m.commits[i].tree.files()
	files[stampFile] = strconv.Itoa(i)
	for name, text := range files {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			return err
		}
	}
	return verify(dir, m.snapshotObjects[commit])
}

func (modelSnapshots) Find(context.Context, string) (snapshot.Snapshot, error) {
	return snapshot.Snapshot{}, errors.New("the model has no snapshots to find")
}

func (modelSnapshots) Prune(context.Context, time.Time, func(commitid.ID) bool) ([]commitid.ID, error) {
	return nil, nil
}

func (modelSnapshots) PutLog(context.Context, runid.ID, string, io.Reader) error { return nil }

func (modelSnapshots) PutFile(context.Context, runid.ID, string, snapshot.FileName, io.Reader) (string, error) {
	return "", nil
}

func (modelSnapshots) PruneLogs(context.Context, time.Time, func(runid.ID) bool) ([]string, error) {
	return nil, nil
}
