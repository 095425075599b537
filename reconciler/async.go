package reconciler

import "runtime/debug"

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
