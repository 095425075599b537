package embedded_test

import (
	"path/filepath"
	"testing"

	"reconcile/state"
	"reconcile/state/embedded"
	"reconcile/state/statetest"
)

func open(t testing.TB, dir string) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestMain(m *testing.M) {
	statetest.Main(m, func(dir string) (state.Store, error) { return embedded.Open(dir) })
}

func TestProcesses(t *testing.T) {
	statetest.RunProcesses(t, func(t *testing.T) (string, statetest.Open) {
		dir := filepath.Join(t.TempDir(), "state")
		return dir, func() state.Store { return open(t, dir) }
	})
}

func TestStore(t *testing.T) {
	statetest.Run(t, func(t *testing.T) statetest.Open {
		dir := filepath.Join(t.TempDir(), "state")
		return func() state.Store { return open(t, dir) }
	})
}
