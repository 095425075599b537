package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// selfCommand returns how to call this program from a shell, for commands to copy.
func selfCommand() string {
	self, err := os.Executable()
	if err != nil {
		return "reconcile"
	}
	// `go run` builds into a directory that is deleted when the program ends.
	if strings.Contains(filepath.ToSlash(self), "/go-build") {
		return "go run ./cmd/reconcile"
	}
	if found, err := exec.LookPath("reconcile"); err == nil && isSameFile(found, self) {
		return "reconcile"
	}
	return self
}

func isSameFile(a, b string) bool {
	infoA, err := os.Stat(a)
	if err != nil {
		return false
	}
	infoB, err := os.Stat(b)
	return err == nil && os.SameFile(infoA, infoB)
}
