package run

import (
	"errors"
	"testing"
)

func TestCatchPanic(t *testing.T) {
	t.Parallel()
	failed := errors.New("failed")
	if err := CatchPanic(func() error { return failed }); err != failed {
		t.Errorf("got %v, want the function's own error", err)
	}
	var internal *PanicError
	if err := CatchPanic(func() error { panic("the fault") }); !errors.As(err, &internal) || internal.Value != "the fault" {
		t.Errorf("got %v, want a PanicError", err)
	}
}
