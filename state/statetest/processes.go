package statetest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/state"
)

// RunProcesses runs the part of the suite in which several processes use one store. fresh
// makes an empty store and returns its spec and a handle on it. The package's TestMain
// must call Main.
func RunProcesses(t *testing.T, fresh func(t *testing.T) (spec string, open Open)) {
	for name, test := range map[string]func(*testing.T, string, Open){
		"concurrent": testProcesses,
		"killed":     testKilled,
		"frozen":     testFrozen,
		"writing":    testKilledWriting,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec, open := fresh(t)
			test(t, spec, open)
		})
	}
}

// process is a child process that executes a childSpec.
type process struct {
	*exec.Cmd
	t      *testing.T
	in     io.Writer
	out    *bufio.Reader
	stderr bytes.Buffer
}

func startChild(t *testing.T, work childSpec) *process {
	t.Helper()
	specJSON, err := json.Marshal(work)
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{Cmd: exec.Command(exe), t: t}
	p.Env = append(os.Environ(), childEnv+"="+string(specJSON))
	p.Stderr = &p.stderr
	in, inErr := p.StdinPipe()
	out, outErr := p.StdoutPipe()
	if err := errors.Join(inErr, outErr, p.Start()); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	t.Cleanup(func() {
		if p.ProcessState == nil {
			p.Process.Kill()
			p.Wait()
		}
	})
	return p
}

// expectLine waits for a line.
func (p *process) expectLine(want string) {
	p.t.Helper()
	line, err := p.out.ReadString('\n')
	if strings.TrimSpace(line) != want {
		p.t.Fatalf("child: got %q, %v, want %q: %v: %s", line, err, want, p.Wait(), p.stderr.String())
	}
}

// waitForExit waits for a clean end.
func (p *process) waitForExit() {
	p.t.Helper()
	if err := p.Wait(); err != nil {
		p.t.Fatalf("child: %v: %s", err, p.stderr.String())
	}
}

// Several processes at once: no two hold one lease at the same time, nothing is lost, and
// each gets its turn.
func testProcesses(t *testing.T, spec string, open Open) {
	const processes = 3
	a := newRunner(t, open, "parent", testTime)
	a.adopt("c1")
	dir := t.TempDir()
	var all []*process
	for range processes {
		all = append(all, startChild(t, childSpec{Action: "count", StoreSpec: spec, Dir: dir, Lease: time.Hour}))
	}
	for _, p := range all {
		p.waitForExit()
	}
	workspaces, err := a.record.Workspaces(t.Context())
	if err != nil || len(workspaces) != countWorkspaces {
		t.Fatalf("workspaces: got %d, %v", len(workspaces), err)
	}
	for name, w := range workspaces {
		if w.ApplyCount != processes*countRounds || w.Attempt != nil {
			t.Errorf("%s: got counter %d, attempt %v, want %d", name, w.ApplyCount, w.Attempt, processes*countRounds)
		}
	}
	leases, err := a.record.Leases(t.Context())
	for _, l := range leases {
		if l.Token != processes*countRounds || l.Owner != "" {
			t.Errorf("lease %s: got token %d, owner %q, want %d, free", l.Identity, l.Token, l.Owner, processes*countRounds)
		}
	}
	assertErr(t, "leases", err, nil)
}

// newLocalRecord returns a record for this process, on the machine's clocks.
func newLocalRecord(open Open, lease time.Duration) *state.Record {
	return state.New(open(), "record", state.Options{LeaseDuration: lease, PollInterval: pollIntervalOf(lease)})
}

// The lease of a killed holder is taken at once.
func testKilled(t *testing.T, spec string, open Open) {
	r := newLocalRecord(open, time.Hour)
	request := state.LeaseRequest{Identity: identity, Workspace: "tokyo", Run: "parent"}
	p := startChild(t, childSpec{Action: "hold", StoreSpec: spec, Lease: time.Hour})
	p.expectLine("held")
	_, err := r.Acquire(t.Context(), request)
	var busy *state.BusyError
	if !errors.As(err, &busy) {
		t.Fatalf("acquire from a living holder: got %v", err)
	}
	if err := p.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	// The holder is dead from some time on, and then also while it is not yet reaped.
	var l *state.Lease
	waitUntil(t, "the killed holder's lease", func() bool {
		l, err = r.Acquire(t.Context(), request)
		return err == nil
	})
	defer l.Abandon()
	if l.Token() != 2 || len(l.PreviousHolders()) != 1 || l.PreviousHolders()[0].Process.PID != p.Process.Pid {
		t.Fatalf("taken over: token %d, previous holders %+v", l.Token(), l.PreviousHolders())
	}
	p.Wait()
	if dead, known := l.PreviousHolders()[0].Process.IsDead(); !dead || !known {
		t.Errorf("the killed process: dead %v, known %v", dead, known)
	}
}

// A holder that freezes loses its lease, and notices it when it resumes.
func testFrozen(t *testing.T, spec string, open Open) {
	const short = 1500 * time.Millisecond // a read after a refused write has as long
	r := newLocalRecord(open, short)
	p := startChild(t, childSpec{Action: "hold", StoreSpec: spec, Lease: short})
	p.expectLine("held")
	if err := p.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	l, err := r.Acquire(t.Context(), state.LeaseRequest{Identity: identity, Workspace: "tokyo", Run: "parent", MaxWait: time.Minute})
	assertErr(t, "acquire from a frozen holder", err, nil)
	if err := p.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(p.in, "go on\n"); err != nil {
		t.Fatal(err)
	}
	p.expectLine("refused")
	p.waitForExit()
	assertErr(t, "release", l.Release(t.Context()), nil)
}

// A process that is killed while it writes leaves the whole write or nothing.
func testKilledWriting(t *testing.T, spec string, open Open) {
	f := newFixture(t, open)
	for range 8 {
		p := startChild(t, childSpec{Action: "write", StoreSpec: spec, Lease: time.Hour})
		waitUntil(t, "some writes", func() bool {
			value, err := f.store.Get(t.Context(), itemPair[0])
			var got struct{ N, PID int }
			return err == nil && json.Unmarshal(value, &got) == nil && got.PID == p.Process.Pid && got.N >= 3
		})
		if err := p.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		p.Wait()
		// The last write may take effect only now.
		waitUntil(t, "a whole write", func() bool {
			value, err := f.store.Get(t.Context(), itemPair[0])
			var got struct{ N, PID int64 }
			if err != nil || json.Unmarshal(value, &got) != nil {
				return false
			}
			same := state.Cond{Equal: map[string]any{"n": got.N, "pid": got.PID}}
			return f.store.Write(t.Context(), state.Op{Key: itemPair[0], If: same}, state.Op{Key: itemPair[1], If: same}) == nil
		})
		f.write(put(itemPair[0], `{"n":0}`), put(itemPair[1], `{"n":0}`))
	}
}
