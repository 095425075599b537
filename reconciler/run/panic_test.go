package run

import (
	"errors"
	"testing"
)

func TestAsync(t *testing.T) {
	t.Parallel()
	if value, err := Async(func() (int, error) { return 1, nil })(); value != 1 || err != nil {
		t.Errorf("got %d, %v", value, err)
	}
	var fault *PanicError
	if _, err := Async(func() (int, error) { panic("the fault") })(); !errors.As(err, &fault) || fault.Value != "the fault" {
		t.Errorf("got %v, want a FaultError", err)
	}
}
