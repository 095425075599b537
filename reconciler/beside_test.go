package reconciler

import (
	"errors"
	"testing"
)

func TestBeside(t *testing.T) {
	if value, err := beside(func() (int, error) { return 1, nil })(); value != 1 || err != nil {
		t.Errorf("got %d, %v", value, err)
	}
	var fault *FaultError
	if _, err := beside(func() (int, error) { panic("the fault") })(); !errors.As(err, &fault) || fault.Value != "the fault" {
		t.Errorf("got %v, want a FaultError", err)
	}
}
