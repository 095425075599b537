// Package programtest writes programs that a test runs.
package programtest

import (
	"os"
	"syscall"
	"testing"
)

// Write writes a program into the file at path. No other goroutine starts a process meanwhile: a
// child that is forked while the file is open for writing holds it open until it runs its own
// program, and Linux refuses to run what is open for writing ("text file busy", golang/go#22315).
func Write(t testing.TB, path, content string) {
	t.Helper()
	syscall.ForkLock.RLock()
	err := os.WriteFile(path, []byte(content), 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
}
