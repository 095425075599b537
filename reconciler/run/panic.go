package run

import (
	"fmt"
	"runtime/debug"
)

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
