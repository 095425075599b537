package reconciler

import "fmt"

// PanicError is a panic of ours, caught in one workspace: the others and the
// record are in order. Programs exit with ExitInternal on it.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("a fault in reconcile itself: %v (please report it with the stack in the log)", e.Value)
}
