package run

import (
	"fmt"
	"runtime/debug"
)

// Async runs f in a goroutine; the returned function waits for the result. A panic in f
// becomes a *PanicError.
func Async[T any](f func() (T, error)) func() (T, error) {
	var value T
	done := make(chan error, 1)
	go func() {
		done <- CatchPanic(func() (err error) { value, err = f(); return err })
	}()
	return func() (T, error) { err := <-done; return value, err }
}

// CatchPanic calls f. A panic in f becomes a *PanicError.
func CatchPanic(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	return f()
}

// PanicError is a panic inside reconcile, recovered in one workspace. The other
// workspaces and the record are not affected. Programs exit with ExitInternal on it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("internal error: %v (please report it with the stack in the log)", e.Value)
}
