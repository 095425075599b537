package waittest

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// failureRecorder records how a test fails.
type failureRecorder struct {
	testing.TB
	text string
}

func (r *failureRecorder) Fatalf(format string, args ...any) {
	r.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// failureOf returns how a test fails.
func failureOf(t *testing.T, test func(t testing.TB)) string {
	r := &failureRecorder{TB: t}
	Go(func() bool { test(r); return true }).Wait()
	return r.text
}

func newPipe(t *testing.T) string {
	t.Helper()
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	return pipe
}

// Each wait fails when the work ends without what is waited for, whether it has ended before
// the wait or ends during it.
func TestWorkEndsTooEarly(t *testing.T) {
	t.Parallel()
	pipe := newPipe(t)
	for name, wait := range map[string]func(testing.TB, *Task[string]){
		"receive": func(t testing.TB, task *Task[string]) { Receive(t, make(chan int), task) },
		"open":    func(t testing.TB, task *Task[string]) { OpenForReader(t, pipe, task) },
		"read":    func(t testing.TB, task *Task[string]) { ReadPipe(t, pipe, task) },
	} {
		ended := Go(func() string { return "no such file" })
		ended.Wait()
		goOn := make(chan struct{})
		ends := Go(func() string { <-goOn; return "no such file" })
		for _, task := range []*Task[string]{ended, ends} {
			said := failureOf(t, func(t testing.TB) {
				if task == ends {
					go close(goOn)
				}
				wait(t, task)
			})
			if !strings.Contains(said, "ended") || !strings.Contains(said, "no such file") {
				t.Errorf("%s: the test says %q", name, said)
			}
		}
	}
}

// What the work has sent counts, even if it has ended since.
func TestReceiveFromEndedWork(t *testing.T) {
	t.Parallel()
	from := make(chan int, 100)
	task := Go(func() bool {
		for i := range cap(from) {
			from <- i
		}
		return true
	})
	task.Wait()
	for i := range cap(from) {
		if got := Receive(t, from, task); got != i {
			t.Errorf("received %d, not %d", got, i)
		}
	}
}

// The two ends of a pipe find each other.
func TestPipe(t *testing.T) {
	t.Parallel()
	pipe := newPipe(t)
	reader := Go(func() string {
		text, _ := os.ReadFile(pipe)
		return string(text)
	})
	held := OpenForReader(t, pipe, reader)
	if _, err := held.WriteString("go"); err != nil {
		t.Fatal(err)
	}
	if err := held.Close(); err != nil || reader.Wait() != "go" {
		t.Errorf("read %q, %v", reader.Wait(), err)
	}
	writer := Go(func() error { return os.WriteFile(pipe, []byte("ready"), 0) })
	if got := ReadPipe(t, pipe, writer); string(got) != "ready" || writer.Wait() != nil {
		t.Errorf("read %q, %v", got, writer.Wait())
	}
}
