package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"reconcile/internal/testtier"
)

// TestMain puts what `make tools` installs, and what these tests build, into
// the PATH.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "webhook")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		cache, err := testtier.CacheDir()
		if err != nil {
			panic(err)
		}
		binDir = dir
		os.Setenv("PATH", os.Getenv("PATH")+string(os.PathListSeparator)+filepath.Join(cache, "bin"))
		return m.Run()
	}())
}

// binDir is where programs are that tests run as they are.
var binDir string

// buildOnce returns a function that builds a command once.
func buildOnce(name string, args ...string) func(t testing.TB) string {
	var once sync.Once
	return func(t testing.TB) string {
		t.Helper()
		testtier.Needs(t, testtier.Program)
		path := filepath.Join(binDir, name)
		once.Do(func() {
			c := exec.Command("go", append([]string{"build", "-o", path}, args...)...)
			if out, err := c.CombinedOutput(); err != nil {
				t.Errorf("go build: %v\n%s", err, out)
			}
		})
		if _, err := os.Stat(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
}

var (
	buildBootstrap = buildOnce("bootstrap", "-trimpath", "-tags", "lambda.norpc", "-ldflags", "-s -w", "reconcile/cmd/webhook")
	buildReconcile = buildOnce("reconcile", "reconcile/cmd/reconcile")
)
