//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Another process of the same user finds nothing in /proc of what we were
// started with: without rights it may not read it, and as root, who may, there
// is nothing left.
func TestHidesItsEnvironment(t *testing.T) {
	users := map[string]*syscall.Credential{"this user": nil}
	if os.Geteuid() == 0 {
		users["a user without rights"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	for name, user := range users {
		t.Run(name, func(t *testing.T) {
			dir := sharedTempDir(t)
			program := filepath.Join(dir, "reconcile")
			self, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("cp", self, program).CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			cmd := exec.Command(program, "watch")
			cmd.Env = []string{"RECONCILE_STATE=" + dir + "/state", "RECONCILE_WORK=" + dir + "/work", "RECONCILE_REPO=" + dir + "/none", "SECRET=s3cret-of-ours"}
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = errors.Join(cmd.Process.Kill(), cmd.Wait()) }()
			if _, err := bufio.NewReader(stderr).ReadString('\n'); err != nil { // it is at work
				t.Fatal(err)
			}
			other := exec.Command("cat", fmt.Sprintf("/proc/%d/environ", cmd.Process.Pid))
			other.SysProcAttr = cmd.SysProcAttr
			got, err := other.CombinedOutput()
			if strings.Contains(string(got), "s3cret") {
				t.Errorf("its environment can be read: %q", got)
			}
			denied := bytes.Contains(got, []byte("Permission denied"))
			if unprivileged := user != nil || os.Geteuid() != 0; unprivileged && (err == nil || !denied) {
				t.Errorf("its environment can be opened: %q, %v", got, err)
			}
		})
	}
}

// sharedTempDir makes a temporary directory that every user may use.
func sharedTempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for d := dir; d != filepath.Clean(os.TempDir()); d = filepath.Dir(d) {
		if err := os.Chmod(d, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
