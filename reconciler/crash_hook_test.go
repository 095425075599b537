package reconciler_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/reconciler/internal/reconcilertest"
)

// heldApply is an apply that is held in the middle of its work until it is released. Its
// local-exec holds one pipe open and waits for another.
type heldApply struct {
	t         *testing.T
	hook      string
	gate      string
	started   chan struct{} // closed when it has started
	allExited chan struct{} // closed when every process of it has ended
}

// deafSuffix ends the name of the deaf child's own gate: two processes that read from one
// pipe would get each other's data.
const deafSuffix = ".deaf"

// holdApply makes the next apply of a workspace of the module hold. A child process of
// the apply, which ignores signals, holds with it.
func holdApply(t *testing.T, p reconcilertest.Spec, workspace string) *heldApply {
	t.Helper()
	dir := t.TempDir()
	alive := filepath.Join(dir, "alive")
	h := &heldApply{t: t, hook: p.Hook, gate: filepath.Join(dir, "gate"), started: make(chan struct{}), allExited: make(chan struct{})}
	for _, fifo := range []string{alive, h.gate, h.gate + deafSuffix} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	script := `
[ "$WORKSPACE" = ` + workspace + ` ] || return 0
exec 9>` + alive + `
( trap "" INT TERM HUP; read go <` + h.gate + deafSuffix + ` ) >/dev/null 2>&1 &
echo begun >&9
read go <` + h.gate + `
wait
[ "$go" = go ]
`
	if err := os.WriteFile(p.Hook, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	// Opened for writing too, so that it does not wait for a writer.
	opener, err := os.OpenFile(alive, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	go h.watch(alive, opener)
	t.Cleanup(func() {
		h.release()
		opener.Close()
	})
	return h
}

// watch waits for the start of the apply, and for the end of its last process.
func (h *heldApply) watch(alive string, opener *os.File) {
	r, err := os.Open(alive)
	if err != nil {
		return
	}
	defer r.Close()
	lines := bufio.NewReader(r)
	if _, err := lines.ReadString('\n'); err != nil {
		return
	}
	opener.Close()
	close(h.started)
	if _, err := io.Copy(io.Discard, lines); err == nil {
		close(h.allExited)
	}
}

// removeHook lets later applies pass.
func (h *heldApply) removeHook() {
	if err := os.Remove(h.hook); err != nil && !os.IsNotExist(err) {
		h.t.Error(err)
	}
}

// release lets this apply and later ones continue.
func (h *heldApply) release() { h.finish("go") }

// fail makes this apply fail, and lets later ones continue.
func (h *heldApply) fail() { h.finish("fail") }

func (h *heldApply) finish(how string) {
	h.removeHook()
	select {
	case <-h.started:
	default:
		return // it holds nothing
	}
	for _, gate := range []string{h.gate, h.gate + deafSuffix} {
		// Opened for reading too, so that it does not wait for a reader.
		pipe, err := os.OpenFile(gate, os.O_RDWR, 0)
		if err != nil {
			h.t.Error(err)
			return
		}
		defer pipe.Close()
		if _, err := pipe.WriteString(how + "\n"); err != nil {
			h.t.Error(err)
		}
	}
	waitWithin(h.t, "the held apply ends", h.allExited)
}

// maxWait is how long a test waits for what nothing else shows to be lost.
const maxWait = 5 * time.Minute

func waitWithin(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	limit := time.NewTimer(maxWait)
	defer limit.Stop()
	select {
	case <-done:
	case <-limit.C:
		t.Fatalf("%s: not within %s", what, maxWait)
	}
}

// killTree ends a process and all its descendants at one instant, as a loss of power
// does.
func killTree(t *testing.T, pid int) {
	t.Helper()
	// A stopped process starts nothing more.
	if syscall.Kill(pid, syscall.SIGSTOP) != nil {
		return // it has ended
	}
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		for _, c := range childrenOf(t, all[i]) {
			_ = syscall.Kill(c, syscall.SIGSTOP)
			all = append(all, c)
		}
	}
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

func childrenOf(t *testing.T, parent int) []int {
	t.Helper()
	list, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		t.Fatalf("ps: %v (apt-get install procps)", err)
	}
	var found []int
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		if len(fields) == 2 && fields[1] == strconv.Itoa(parent) {
			pid, err := strconv.Atoi(fields[0])
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, pid)
		}
	}
	return found
}
