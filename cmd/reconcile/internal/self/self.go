// Package self is what this process does about itself: how it is called, what others can
// read of it, and what limits it.
package self

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"reconcile/internal/files"
)

// Command returns how to call this program from a shell, for commands to copy.
func Command() string {
	self, err := os.Executable()
	if err != nil {
		return "reconcile"
	}
	// `go run` builds into a directory that is deleted when the program ends.
	if strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/reconcile"
	}
	if found, err := exec.LookPath("reconcile"); err == nil && files.AreSame(found, self) {
		return "reconcile"
	}
	return self
}
