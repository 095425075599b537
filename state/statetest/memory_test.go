package statetest

import (
	"testing"

	"reconcile/state"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Open {
		m := NewMemory()
		return func() state.Store { return m }
	})
}
