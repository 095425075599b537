package reconciler

import (
	"fmt"
	"runtime/debug"
)

// async runs f in a goroutine of its own; what it returns waits for the
// result. A panic in f is a *PanicError.
func async[T any](f func() (T, error)) func() (T, error) {
	var value T
	done := make(chan error, 1)
	go func() {
		var err error
		defer func() {
			if fault := recover(); fault != nil {
				err = &PanicError{Value: fault, Stack: debug.Stack()}
			}
			done <- err
		}()
		value, err = f()
	}()
	return func() (T, error) { err := <-done; return value, err }
}

// PanicError is a panic of ours, caught in one workspace: the others and the
// record are in order. Programs exit with ExitInternal on it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("a fault in reconcile itself: %v (please report it with the stack in the log)", e.Value)
}
