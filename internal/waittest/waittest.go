// Package waittest has waits of tests that end with what is waited for: a test whose program
// ended too early must say so, and not wait for the time-out of its package.
package waittest

import (
	"io"
	"os"
	"testing"
)

// Task is work beside the test.
type Task[R any] struct {
	ended  chan struct{}
	result R
}

// Go starts work. Its end is noticed also where it ends its goroutine, as t.Fatal does.
func Go[R any](work func() R) *Task[R] {
	k := &Task[R]{ended: make(chan struct{})}
	go func() {
		defer close(k.ended)
		k.result = work()
	}()
	return k
}

// Ended returns a channel that is closed when the work has ended.
func (k *Task[R]) Ended() <-chan struct{} { return k.ended }

// Wait waits for the end of the work, and returns its result.
func (k *Task[R]) Wait() R {
	<-k.ended
	return k.result
}

// Receive returns the next value that a task sends to a channel. It fails the test where the
// task ends without one.
func Receive[V, R any](t testing.TB, from <-chan V, task *Task[R]) V {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-task.ended:
	}
	select { // both may have been ready
	case value := <-from:
		return value
	default:
		t.Fatalf("the work has ended too early: %+v", task.result)
		panic("unreachable")
	}
}

// OpenForReader waits until a process that the task starts reads a named pipe, and returns the
// pipe for writing. It fails the test where the task ends first.
func OpenForReader[R any](t testing.TB, pipe string, task *Task[R]) *os.File {
	t.Helper()
	file, ended := open(t, pipe, os.O_WRONLY, task.ended)
	if ended {
		_ = file.Close()
		t.Fatalf("nothing reads %s, and the work has ended: %+v", pipe, task.result)
	}
	return file
}

// ReadPipe returns what a process that the task starts writes into a named pipe. It fails the
// test where the task ends and nothing was written.
func ReadPipe[R any](t testing.TB, pipe string, task *Task[R]) []byte {
	t.Helper()
	file, ended := open(t, pipe, os.O_RDONLY, task.ended)
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	if ended && len(text) == 0 {
		t.Fatalf("nothing was written into %s, and the work has ended: %+v", pipe, task.result)
	}
	return text
}

// open opens one end of a named pipe, when something else opens the other or the work ends.
func open(t testing.TB, pipe string, flag int, end <-chan struct{}) (file *os.File, ended bool) {
	t.Helper()
	var err error
	opening := Go(func() bool { file, err = os.OpenFile(pipe, flag, 0); return true })
	select {
	case <-opening.ended:
	case <-end:
		ended = true
		both, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that the other need not be opened
		if err != nil {
			t.Fatal(err)
		}
		opening.Wait()
		_ = both.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return file, ended
}
