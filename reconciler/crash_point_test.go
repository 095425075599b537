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

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/snapshot"
)

// crashPoints are the instants between two lasting effects of a pass. A crash anywhere
// between two effects is the same, so each point is hit once, before the effect that ends
// it.
type crashPoints struct {
	hitNumber int
	hitName   string
	onHit     func()
	log       io.Writer // receives a line for each; may be nil

	mu             sync.Mutex
	names          []string
	attemptCommits map[string]commitid.ID // of the attempts that were started, by workspace
}

func (c *crashPoints) hit(name string) {
	c.mu.Lock()
	c.names = append(c.names, name)
	here := len(c.names) == c.hitNumber || name == c.hitName
	if c.log != nil {
		fmt.Fprintln(c.log, "at", name)
	}
	c.mu.Unlock()
	if here {
		c.onHit()
	}
}

// hitOnce calls hit the first time, and then does nothing.
func (c *crashPoints) hitOnce(name string) {
	c.mu.Lock()
	known := slices.Contains(c.names, name)
	c.mu.Unlock()
	if !known {
		c.hit(name)
	}
}

type crashStore struct {
	state.Store
	b *crashPoints
}

func (s crashStore) Write(ctx context.Context, ops ...state.Op) error {
	var what []string
	for _, op := range ops {
		name, _, _ := strings.Cut(op.Key.SK, "#0") // the id of a run, if it is one
		switch {
		case op.Put != nil:
			what = append(what, "put "+name)
			s.b.noteAttempt(op)
		case op.Delete:
			what = append(what, "delete "+name)
		}
	}
	s.b.hit(strings.Join(what, ", "))
	return s.Store.Write(ctx, ops...)
}

// noteAttempt stores the commit of an attempt that is being written.
func (c *crashPoints) noteAttempt(op state.Op) {
	var ws state.Workspace
	if !strings.HasPrefix(op.Key.SK, "WS#") || json.Unmarshal(op.Put, &ws) != nil || ws.Attempt == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.attemptCommits == nil {
		c.attemptCommits = map[string]commitid.ID{}
	}
	c.attemptCommits[ws.Name] = ws.Attempt.Commit
}

func (c *crashPoints) attemptCommit(workspace string) commitid.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attemptCommits[workspace]
}

type crashSnapshots struct {
	run.Snapshots
	b *crashPoints
}

func (s crashSnapshots) Put(ctx context.Context, commit commitid.ID, when time.Time, tree snapshot.Tree, objects []byte) (string, error) {
	s.b.hit("snapshot")
	return s.Snapshots.Put(ctx, commit, when, tree, objects)
}

func (s crashSnapshots) PutLog(ctx context.Context, runID runid.ID, workspace string, log io.Reader) error {
	s.b.hit("log of " + workspace)
	return s.Snapshots.PutLog(ctx, runID, workspace, log)
}

func (s crashSnapshots) Prune(ctx context.Context, before time.Time, keep func(commitid.ID) bool) ([]commitid.ID, error) {
	s.b.hit("prune")
	return s.Snapshots.Prune(ctx, before, keep)
}

type crashTerraform struct {
	run.Terraform
	b        *crashPoints
	applyLog string
}

func (t crashTerraform) Open(killCtx context.Context, spec terraform.Spec) run.Session {
	return crashSession{t.Terraform.Open(killCtx, spec), t, spec.Name}
}

type crashSession struct {
	run.Session
	t    crashTerraform
	name string
}

func (s crashSession) Init(ctx context.Context) error {
	s.t.b.hit("init " + s.name)
	return s.Session.Init(ctx)
}

func (s crashSession) Plan(ctx context.Context) (*terraform.Plan, error) {
	s.t.b.hit("plan " + s.name)
	return s.Session.Plan(ctx)
}

func (s crashSession) Apply(ctx context.Context, plan *terraform.Plan) error {
	s.t.b.hit("apply " + s.name)
	s.logApply("begin")
	err := s.Session.Apply(ctx, plan)
	if err == nil {
		s.logApply("applied")
	}
	return err
}

func (s crashSession) Outputs(ctx context.Context, key []byte) (terraform.Outputs, error) {
	s.t.b.hit("outputs " + s.name)
	return s.Session.Outputs(ctx, key)
}

func (s crashSession) ForceUnlock(ctx context.Context, id string) error {
	s.t.b.hit("force-unlock " + s.name)
	return s.Session.ForceUnlock(ctx, id)
}

func (s crashSession) Close() error {
	s.t.b.hit("close " + s.name)
	return s.Session.Close()
}

// logApply writes a line in one piece, so that several processes can do so.
func (s crashSession) logApply(what string) {
	if s.t.applyLog == "" {
		return
	}
	f, err := os.OpenFile(s.t.applyLog, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, what, s.name, s.t.b.attemptCommit(s.name), os.Getpid())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
}
