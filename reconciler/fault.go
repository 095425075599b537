package reconciler

import "fmt"

// FaultError is a panic of ours, caught in one workspace: the others and the
// record are in order. Programs exit with ExitFault on it.
type FaultError struct {
	Value any
	Stack []byte
}

func (e *FaultError) Error() string {
	return fmt.Sprintf("a fault in reconcile itself: %v (please report it with the stack in the log)", e.Value)
}
