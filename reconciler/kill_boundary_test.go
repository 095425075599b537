package reconciler_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"reconcile/reconciler"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// boundaries are the instants between two effects of a pass that last. To be
// killed anywhere between two is the same: so each is reached once, before
// the effect that ends it.
type boundaries struct {
	at     int
	atName string
	act    func()
	tell   io.Writer // is told of each; may be nil

	mu      sync.Mutex
	names   []string
	commits map[string]string // of the attempts that were begun, by workspace
}

func (b *boundaries) reach(name string) {
	b.mu.Lock()
	b.names = append(b.names, name)
	here := len(b.names) == b.at || name == b.atName
	if b.tell != nil {
		fmt.Fprintln(b.tell, "at", name)
	}
	b.mu.Unlock()
	if here {
		b.act()
	}
}

// once is reach the first time.
func (b *boundaries) once(name string) {
	b.mu.Lock()
	known := slices.Contains(b.names, name)
	b.mu.Unlock()
	if !known {
		b.reach(name)
	}
}

type boundedStore struct {
	state.Store
	b *boundaries
}

func (s boundedStore) Write(ctx context.Context, ops ...state.Op) error {
	var what []string
	for _, op := range ops {
		name, _, _ := strings.Cut(op.Key.SK, "#0") // the id of a run, if it is one
		switch {
		case op.Put != nil:
			what = append(what, "put "+name)
			s.b.see(op)
		case op.Delete:
			what = append(what, "delete "+name)
		}
	}
	s.b.reach(strings.Join(what, ", "))
	return s.Store.Write(ctx, ops...)
}

// see notes the commit of an attempt that is being written.
func (b *boundaries) see(op state.Op) {
	var ws state.Workspace
	if !strings.HasPrefix(op.Key.SK, "WS#") || json.Unmarshal(op.Put, &ws) != nil || ws.Attempt == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.commits == nil {
		b.commits = map[string]string{}
	}
	b.commits[ws.Name] = ws.Attempt.Commit
}

func (b *boundaries) commit(workspace string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.commits[workspace]
}

type boundedSnapshots struct {
	reconciler.Snapshots
	b *boundaries
}

func (s boundedSnapshots) Put(ctx context.Context, commit string, when time.Time, tree snapshot.Tree, objects []byte) (string, error) {
	s.b.reach("snapshot")
	return s.Snapshots.Put(ctx, commit, when, tree, objects)
}

func (s boundedSnapshots) PutLog(ctx context.Context, run, workspace string, log io.Reader) error {
	s.b.reach("log of " + workspace)
	return s.Snapshots.PutLog(ctx, run, workspace, log)
}

func (s boundedSnapshots) Prune(ctx context.Context, before time.Time, keep func(string) bool) ([]string, error) {
	s.b.reach("prune")
	return s.Snapshots.Prune(ctx, before, keep)
}

type boundedTerraform struct {
	reconciler.Terraform
	b       *boundaries
	applies string
}

func (t boundedTerraform) Open(hard context.Context, job terraform.Job) reconciler.Session {
	return boundedSession{t.Terraform.Open(hard, job), t, job.Name}
}

type boundedSession struct {
	reconciler.Session
	t    boundedTerraform
	name string
}

func (s boundedSession) Init(ctx context.Context) error {
	s.t.b.reach("init " + s.name)
	return s.Session.Init(ctx)
}

func (s boundedSession) Plan(ctx context.Context) (*terraform.Plan, error) {
	s.t.b.reach("plan " + s.name)
	return s.Session.Plan(ctx)
}

func (s boundedSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	s.t.b.reach("apply " + s.name)
	s.note("begin")
	err := s.Session.Apply(ctx, plan)
	if err == nil {
		s.note("applied")
	}
	return err
}

func (s boundedSession) Outputs(ctx context.Context, key []byte) (terraform.Outputs, error) {
	s.t.b.reach("outputs " + s.name)
	return s.Session.Outputs(ctx, key)
}

func (s boundedSession) ForceUnlock(ctx context.Context, id string) error {
	s.t.b.reach("force-unlock " + s.name)
	return s.Session.ForceUnlock(ctx, id)
}

func (s boundedSession) Close() error {
	s.t.b.reach("close " + s.name)
	return s.Session.Close()
}

// note writes a line in one piece, so that several processes can.
func (s boundedSession) note(what string) {
	if s.t.applies == "" {
		return
	}
	f, err := os.OpenFile(s.t.applies, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, what, s.name, s.t.b.commit(s.name), os.Getpid())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
}
