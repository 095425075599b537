//go:build linux

package sandbox_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform/sandbox"
)

// TestMain lets the test binary become bubblewrap, and the attacker's program.
func TestMain(m *testing.M) {
	sandbox.Enter()
	if value, ok := os.LookupEnv(attackVariable); ok {
		runAttacks(value)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestFindSaysWhy: where the system refuses a part of the sandbox, as containers, Fargate and
// builds do, there is none, and the error has the system's own reason.
func TestFindSaysWhy(t *testing.T) {
	testtier.Needs(t, testtier.Sandbox)
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		t.Fatalf("%v: run `make tools`", err)
	}
	filter := filepath.Join(t.TempDir(), "filter")
	if err := os.WriteFile(filter, refuseNamespaces(t), 0o600); err != nil {
		t.Fatal(err)
	}
	inside := fmt.Sprintf("exec %[1]s --unshare-user --uid 1000 --dev-bind / / %%s -- %[1]s \"$@\"", bwrap)
	for name, c := range map[string]struct{ program, says string }{
		"nothing refused":                 {fmt.Sprintf("exec %s \"$@\"", bwrap), ""},
		"no namespaces by sysctl":         {fmt.Sprintf(inside, "--disable-userns"), "namespace"},
		"no namespaces by seccomp":        {fmt.Sprintf(inside, "--seccomp 9 9<"+filter), "namespace"},
		"/proc is masked, as by a docker": {fmt.Sprintf(inside, "--unshare-pid --proc /proc --tmpfs /proc/acpi"), "proc"},
		"bubblewrap that does not run":    {"exec /nothing", "/nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			programtest.Write(t, filepath.Join(dir, "bwrap"), "#!/bin/sh\n"+c.program+"\n")
			t.Setenv("PATH", dir)
			found, err := sandbox.Find(t.Context())
			switch {
			case c.says == "" && err != nil, c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v, want %q", err, c.says)
			case errors.Is(err, sandbox.ErrNotInstalled), (found == nil) != (err != nil):
				t.Errorf("%v, %v", found, err)
			}
		})
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := sandbox.Find(t.Context()); !errors.Is(err, sandbox.ErrNotInstalled) {
		t.Errorf("without bubblewrap: %v", err)
	}
}

// refuseNamespaces returns a seccomp filter that refuses new namespaces, as the default
// profile of containers does.
func refuseNamespaces(t *testing.T) []byte {
	t.Helper()
	refuse := func(errno unix.Errno) bpf.Instruction {
		return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
	}
	const namespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP
	program, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: 0, Size: 4}, // the number of the system call
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_UNSHARE, SkipTrue: 1}, refuse(unix.EPERM),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CLONE3, SkipTrue: 1}, refuse(unix.ENOSYS),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CLONE, SkipTrue: 3},
		bpf.LoadAbsolute{Off: 16, Size: 4}, // its flags
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: namespaces, SkipTrue: 1}, refuse(unix.EPERM),
		bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW},
	})
	var filter bytes.Buffer
	if err == nil {
		err = binary.Write(&filter, binary.LittleEndian, program)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filter.Bytes()
}
