package reconciler_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"reconcile/reconciler"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/statetest"
)

// TestModel drives passes through random histories, and compares what they do
// with what a simple model says. Time is the model's own: nothing waits. What
// Git and Terraform are told is real: the tree, the discovery, the checkout;
// Terraform and the store are played.
//
//	go test ./reconciler -run TestModel -rapid.checks=10000 -timeout=0
func TestModel(t *testing.T) {
	if !given("rapid.checks") {
		must(t, flag.Set("rapid.checks", "100"))
	}
	repo := newModelRepo(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(repo.dir, "case")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		bubble(t, func() { newModel(rt, repo, "main", dir).history(rt) })
	})
}

func given(name string) (found bool) {
	flag.Visit(func(f *flag.Flag) { found = found || f.Name == name })
	return found
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// bubble runs f where time is its own. What f panics with, rapid's failures
// among it, comes out.
func bubble(t *testing.T, f func()) {
	var fault any
	synctest.Test(t, func(*testing.T) {
		defer func() { fault = recover() }()
		f()
	})
	switch {
	case fault == nil:
	case invalid(fault):
		panic(fault)
	default:
		panic(fault) // on a line of its own: by that rapid tells failures apart
	}
}

// invalid tells whether rapid asks for another history.
func invalid(fault any) bool {
	return strings.HasPrefix(fmt.Sprintf("%T %[1]v", fault), "rapid.invalidData") || strings.HasPrefix(fmt.Sprint(fault), "invalid data")
}

// model is one history: a repository, a record, a world of states, and the
// processes that work on them.
type model struct {
	t      reporter
	ctx    context.Context
	repo   *modelRepo
	branch string
	dir    string

	commits []modelCommit // by number
	at      []int         // the branch: numbers of commits, the tip last
	size    string        // of the variable TF_VAR_size

	store     *statetest.Memory
	observer  *process
	processes []*process
	runs      int

	mu         sync.Mutex // of what flights touch
	world      map[string]*tfState
	lineages   int // made so far
	snapshots  map[string]bool
	adopted    map[int64]string // commits, by generation
	recorded   map[string]recorded
	locked     bool // someone else works on the states
	violations []string

	backup *statetest.Memory
	states map[string][]tfState // that were once there, by identity
	// meddled: someone has done something to a state that Git does not know of.
	meddled bool
}

// reporter is told how a history goes: *rapid.T, or *testing.T where it is no
// random one.
type reporter interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// process is one that runs passes, one after the other.
type process struct {
	m          *model
	store      *statetest.Faulty // nothing fails unless it is told to
	record     *state.Record
	reconciler *reconciler.Reconciler
	flight     *flight
}

func newModel(t reporter, repo *modelRepo, branch, dir string) *model {
	m := &model{
		t: t, ctx: context.Background(), repo: repo, branch: branch, dir: dir, size: "1",
		store: statetest.NewMemory(), world: map[string]*tfState{}, snapshots: map[string]bool{},
		adopted: map[int64]string{}, recorded: map[string]recorded{}, states: map[string][]tfState{},
	}
	first := modelEstate{}
	first.slots[0] = slot{there: true, name: "w0", module: 2}
	first.slots[1] = slot{there: true, name: "w1", reads: 1}
	m.commit(first)
	m.observer = m.newProcess("observer", 0, 0)
	// Two on one machine, and one on another, with clocks that do not agree.
	m.processes = []*process{m.newProcess("here", 0, 0), m.newProcess("here", 0, 0), m.newProcess("there", 0, time.Hour)}
	return m
}

// newProcess is one whose clock on the wall is ahead.
func (m *model) newProcess(host string, wait, ahead time.Duration) *process {
	now := func() time.Time { return time.Now().Add(ahead) }
	p := &process{m: m}
	repo, err := source.Open(m.ctx, source.Options{URL: m.repo.dir, Branch: m.branch})
	if err != nil {
		m.t.Fatal(err)
	}
	p.store = statetest.NewFaulty(modelStore{m.store, p})
	p.record = state.New(p.store, "test", state.Options{
		Poll: 5 * time.Second, Self: state.Process{Host: host}, Now: now,
	})
	p.reconciler = reconciler.New(reconciler.Config{
		Repo: "repo", Branch: m.branch, Name: "test", Source: modelSource{repo, p}, Record: p.record,
		Snapshots: modelSnapshots{p},
		Terraform: func(context.Context) (reconciler.Terraform, error) { return modelTerraform{p}, nil },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		Variable:  func(string) (string, bool) { return p.size(), true },
		Work:      filepath.Join(m.dir, host), Wait: wait,
		Now: now, Jitter: func(d time.Duration) time.Duration { return d / 2 },
	})
	return p
}

// size is the variable: a process keeps the environment that it was started
// with.
func (p *process) size() string {
	if p.flight != nil {
		return p.flight.size
	}
	return p.m.size
}

func (m *model) must(err error) {
	if err != nil {
		m.violations = append(m.violations, err.Error())
	}
}

func (m *model) violated(format string, args ...any) {
	m.violations = append(m.violations, fmt.Sprintf(format, args...))
}

func (m *model) state(id string) *tfState {
	if m.world[id] == nil {
		m.world[id] = &tfState{}
	}
	return m.world[id]
}

func (m *model) tip() *modelCommit { return &m.commits[m.at[len(m.at)-1]] }

// commit puts a commit on the branch.
func (m *model) commit(e modelEstate) {
	parent := ""
	if len(m.at) > 0 {
		parent = m.tip().id
	}
	c, err := m.repo.commit(e, len(m.commits), parent)
	if err != nil {
		m.t.Fatal(err)
	}
	m.commits = append(m.commits, c)
	m.at = append(m.at, c.number)
	m.push()
}

func (m *model) push() {
	if err := m.repo.push(m.branch, m.tip().id); err != nil {
		m.t.Fatal(err)
	}
}

// history is one random history, and its end.
func (m *model) history(rt *rapid.T) {
	defer m.stop()
	rt.Repeat(map[string]func(*rapid.T){
		"":                   func(*rapid.T) { m.check() },
		"edit":               m.edit,
		"edit again":         m.edit,
		"return":             m.goBack,
		"start a pass":       m.start,
		"start another":      m.start,
		"go on":              m.resume,
		"go on again":        m.resume,
		"go on still":        m.resume,
		"kill":               m.kill,
		"freeze":             m.freeze,
		"overtake":           m.overtake,
		"time passes":        m.timePasses,
		"suspend or resume":  m.suspend,
		"variable":           m.variable,
		"back up or restore": m.restore,
		"meddle with states": m.meddle,
		"version before":     m.versionBefore,
		"undisturbed pass":   m.undisturbed,
		"changed":            m.changed,
	})
	m.land(rt)
	m.converge()
}

// check fails the history if anything that must hold did not.
func (m *model) check() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.violations) > 0 {
		m.t.Fatalf("%s", strings.Join(m.violations, "\n"))
	}
}

// stop ends what is under way, so that nothing outlives the history.
func (m *model) stop() {
	for _, p := range m.processes {
		m.end(p)
	}
}

// end kills the process's flight, if it has one.
func (m *model) end(p *process) {
	f := p.flight
	if f == nil {
		return
	}
	m.mu.Lock()
	f.killed = true
	m.mu.Unlock()
	f.proceed(dies, "")
	m.landed(f)
}

// landed takes a flight that is done off its process.
func (m *model) landed(f *flight) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.done {
		f.on.flight = nil
		text := ""
		if f.result != nil {
			text = fmt.Sprint(f.result.Outcome, " ", outcomes(f.result))
		}
		m.t.Logf("run %s ends: %s %v", f.run, text, f.err)
	} else if f.at != nil {
		m.t.Logf("run %s halts at %s", f.run, f.at.kind)
	}
}

// fly starts a pass, which goes on until it comes to that kind of boundary.
func (m *model) fly(p *process, o reconciler.Options, stop string) *flight {
	m.runs++
	o.Run = fmt.Sprintf("R%03d", m.runs)
	f := &flight{
		m: m, on: p, run: o.Run, adopts: o.Adopt, stop: stop, size: m.size, was: map[string]state.Workspace{},
		applies: map[string]int{}, seen: map[string]int64{}, success: map[string]*successEvent{},
	}
	p.flight = f
	m.launch(f, o)
	f.proceed(goOn, stop)
	m.landed(f)
	return f
}

func (m *model) launch(f *flight, o reconciler.Options) {
	go func() {
		result, err := f.on.reconciler.Pass(m.ctx, m.ctx, o)
		m.mu.Lock()
		defer m.mu.Unlock()
		f.result, f.err, f.done = result, err, true
	}()
}

// in are the processes with a flight, or without.
func (m *model) in(flying bool) []*process {
	return slices.DeleteFunc(slices.Clone(m.processes), func(p *process) bool { return (p.flight != nil) != flying })
}
