package reconciler_test

import (
	"context"
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

	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/internal/stateid"
	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/state"
	"reconcile/state/statetest"
)

// TestModel runs passes through random histories, and compares their results with a
// simple model. Time is the model's own: nothing waits. The tree, the discovery and the
// checkout are real; Terraform and the store are fakes.
//
// go test ./reconciler -run TestModel -rapid.checks=10000 -timeout=0
func TestModel(t *testing.T) {
	t.Parallel()
	testtier.Checks(t, 40, 100)
	checkHistories(t, (*model).runHistory)
}

// checkHistories runs random histories, each in a directory of its own.
func checkHistories(t *testing.T, runHistory func(*model, *rapid.T)) {
	t.Helper()
	repo := newModelRepo(t)
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(repo.dir, "case")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		runInBubble(t, func() { runHistory(newModel(rt, repo, "main", dir), rt) })
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// runInBubble runs f in a synctest bubble, with a clock of its own. It passes on panics
// of f, including rapid's failures.
func runInBubble(t *testing.T, f func()) {
	var recovered any
	synctest.Test(t, func(*testing.T) {
		defer func() { recovered = recover() }()
		f()
	})
	switch {
	case recovered == nil:
	case isInvalidData(recovered):
		panic(recovered)
	default:
		panic(recovered) // on a line of its own: rapid tells failures apart by line
	}
}

// isInvalidData reports whether rapid asks for another history.
func isInvalidData(fault any) bool {
	return strings.HasPrefix(fmt.Sprintf("%T %[1]v", fault), "rapid.invalidData") || strings.HasPrefix(fmt.Sprint(fault), "invalid data")
}

// model is one history: a repository, a record, Terraform states, and the processes that
// work on them.
type model struct {
	t      reporter
	ctx    context.Context
	repo   *modelRepo
	branch string
	dir    string

	commits       []modelCommit // by number
	branchCommits []int         // the branch: numbers of commits, the tip last
	size          string        // of the variable TF_VAR_size

	store     *statetest.Memory
	observer  *process
	processes []*process
	runCount  int

	writeMu         sync.Mutex // makes one step of a write and the look at what it changed
	mu              sync.Mutex // protects what passes touch
	tfStates        map[stateid.ID]*tfState
	lineageCount    int // made so far
	snapshots       map[commitid.ID]bool
	snapshotObjects map[commitid.ID][]byte
	alarm           run.AlarmState        // of rollouts
	gitIsAway       bool                  // Git does not answer
	passed          map[runid.ID]bool     // rollouts whose approval was counted
	adoptedCommits  map[int64]commitid.ID // commits, by generation
	recordedTraces  map[string]recordedTrace
	locked          bool // another person works on the states
	violations      []string
	approved        map[string]int // approvals that nobody has used or revoked, by workspace and digest

	backup       *statetest.Memory
	formerStates map[stateid.ID][]tfState // earlier states, by identity
	// tampered: a state was changed in a way that Git does not know of.
	tampered bool
	restored bool // the record was once an older one
}

// reporter receives the log of a history: *rapid.T, or *testing.T in a scenario.
type reporter interface {
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// process runs passes, one after the other.
type process struct {
	m          *model
	store      *statetest.FaultStore // nothing fails unless a test injects it
	record     *state.Record
	config     run.Config
	reconciler *reconciler.Reconciler
	pass       *inFlightPass
}

func newModel(t reporter, repo *modelRepo, branch, dir string) *model {
	m := &model{
		t: t, ctx: context.Background(), repo: repo, branch: branch, dir: dir, size: "1",
		store: statetest.NewMemory(), tfStates: map[stateid.ID]*tfState{}, snapshots: map[commitid.ID]bool{},
		snapshotObjects: map[commitid.ID][]byte{}, alarm: run.AlarmOK, passed: map[runid.ID]bool{},
		adoptedCommits: map[int64]commitid.ID{}, recordedTraces: map[string]recordedTrace{}, approved: map[string]int{}, formerStates: map[stateid.ID][]tfState{},
	}
	first := modelTree{}
	first.workspaces[0] = modelWorkspace{exists: true, name: "w0", module: 2}
	first.workspaces[1] = modelWorkspace{exists: true, name: "w1", reads: 1}
	m.commit(first)
	m.observer = m.newProcess("observer", 0, 0)
	// Two on one machine, and one on another, with clocks that do not agree.
	m.processes = []*process{m.newProcess("here", 0, 0), m.newProcess("here", 0, 0), m.newProcess("there", 0, time.Hour)}
	return m
}

// newProcess returns a process whose wall clock is ahead by clockAhead.
func (m *model) newProcess(host string, wait, clockAhead time.Duration) *process {
	now := func() time.Time { return time.Now().Add(clockAhead) }
	p := &process{m: m}
	repo, err := source.Open(source.Options{URL: m.repo.dir, Branch: m.branch})
	if err != nil {
		m.t.Fatal(err)
	}
	p.store = statetest.NewFaultStore(modelStore{m.store, p})
	p.record = state.New(p.store, "test", state.Options{
		PollInterval: 5 * time.Second, Process: state.Process{Host: host}, Now: now,
	})
	p.config = run.Config{
		Repo: "repo", Branch: m.branch, RecordName: "test", Source: modelSource{repo, p}, Record: p.record,
		Snapshots: modelSnapshots{p}, Alarms: modelAlarms{m},
		Terraform: func(context.Context) (run.Terraform, error) { return modelTerraform{p}, nil },
		DigestKey: func(context.Context) (string, []byte, error) { return "k1", []byte("key"), nil },
		LookupEnv: func(string) (string, bool) { return p.size(), true },
		WorkDir:   filepath.Join(m.dir, host), Wait: wait,
		Now: now, Jitter: func(d time.Duration) time.Duration { return d / 2 },
	}
	p.reconciler = reconciler.New(p.config)
	return p
}

// size returns the variable: a process retains the environment that it was started with.
func (p *process) size() string {
	if p.pass != nil {
		return p.pass.size
	}
	return p.m.size
}

func (m *model) must(err error) {
	if err != nil {
		m.violations = append(m.violations, err.Error())
	}
}

func (m *model) addViolation(format string, args ...any) {
	m.violations = append(m.violations, fmt.Sprintf(format, args...))
}

func (m *model) stateAt(id stateid.ID) *tfState {
	if m.tfStates[id] == nil {
		m.tfStates[id] = &tfState{}
	}
	return m.tfStates[id]
}

func (m *model) tip() *modelCommit { return &m.commits[m.branchCommits[len(m.branchCommits)-1]] }

// commit puts a commit on the branch.
func (m *model) commit(e modelTree) {
	var parent commitid.ID
	if len(m.branchCommits) > 0 {
		parent = m.tip().id
	}
	c, err := m.repo.writeCommit(e, len(m.commits), parent)
	if err != nil {
		m.t.Fatal(err)
	}
	m.commits = append(m.commits, c)
	m.branchCommits = append(m.branchCommits, c.number)
	m.push()
}

func (m *model) push() {
	if err := m.repo.push(m.branch, m.tip().id); err != nil {
		m.t.Fatal(err)
	}
}

// runHistory runs one random history, and its end.
func (m *model) runHistory(rt *rapid.T) {
	defer m.stop()
	rt.Repeat(map[string]func(*rapid.T){
		"":                             func(*rapid.T) { m.checkViolations() },
		"edit":                         m.edit,
		"edit again":                   m.edit,
		"revert":                       m.goBack,
		"start a pass":                 m.startRandomPass,
		"start another":                m.startRandomPass,
		"resume":                       m.resume,
		"resume again":                 m.resume,
		"resume once more":             m.resume,
		"kill":                         m.kill,
		"freeze":                       m.freeze,
		"overtake":                     m.overtake,
		"time passes":                  m.letTimePass,
		"suspend or resume":            m.suspend,
		"approve":                      m.approve,
		"revoke":                       m.revoke,
		"variable":                     m.changeVariable,
		"back up or restore":           m.restore,
		"tamper with states":           m.tamper,
		"record of the version before": m.downgradeRecord,
		"undisturbed pass":             m.checkUndisturbedPass,
		"changed":                      m.checkChanged,
	})
	m.endPasses(rt)
	m.converge()
}

// checkViolations fails the history if an invariant was violated.
func (m *model) checkViolations() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.violations) > 0 {
		m.t.Fatalf("%s", strings.Join(m.violations, "\n"))
	}
}

// stop ends the running passes, so that nothing outlives the history.
func (m *model) stop() {
	for _, p := range m.processes {
		m.killPass(p)
	}
}

// killPass kills the process's pass, if it has one.
func (m *model) killPass(p *process) {
	f := p.pass
	if f == nil {
		return
	}
	m.mu.Lock()
	f.killed = true
	m.mu.Unlock()
	f.resume(crashBefore, "")
	m.detachIfDone(f)
}

// detachIfDone removes a pass that is done from its process.
func (m *model) detachIfDone(f *inFlightPass) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.done {
		f.process.pass = nil
		text := ""
		if f.result != nil {
			text = fmt.Sprint(f.result.Outcome, " ", reconcilertest.Outcomes(f.result))
		}
		m.t.Logf("run %s ends: %s %v", f.run, text, f.err)
	} else if f.stoppedAt != nil {
		m.t.Logf("run %s is stopped at %s", f.run, f.stoppedAt.kind)
	}
}

// startPass starts a pass, which runs until a breakpoint of that kind.
func (m *model) startPass(p *process, o run.Options, breakAt string) *inFlightPass {
	m.runCount++
	o.Run = runid.ID(fmt.Sprintf("R%03d", m.runCount))
	f := &inFlightPass{
		m: m, process: p, run: o.Run, adopts: o.Adopt, breakAt: breakAt, size: m.size, recordBefore: map[string]state.Workspace{},
		applyCounts: map[stateid.ID]int{}, generations: map[stateid.ID]int64{}, lastSuccess: map[stateid.ID]*successEvent{},
	}
	p.pass = f
	m.runPass(f, o)
	f.resume(proceed, breakAt)
	m.detachIfDone(f)
	return f
}

func (m *model) runPass(f *inFlightPass, o run.Options) {
	go func() {
		result, err := f.process.reconciler.Pass(m.ctx, m.ctx, o)
		m.mu.Lock()
		defer m.mu.Unlock()
		f.result, f.err, f.done = result, err, true
	}()
}

// listProcesses returns the busy processes, or the idle ones.
func (m *model) listProcesses(busy bool) []*process {
	return slices.DeleteFunc(slices.Clone(m.processes), func(p *process) bool { return (p.pass != nil) != busy })
}
