// Package sandbox confines a command that Terraform runs for code that nobody has
// approved. It knows namespaces, mounts and ports, and where the operator's CLI
// configuration is; it knows no session and no workspace.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Sandbox confines what Terraform runs for unapproved code. bubblewrap creates user,
// process and mount namespaces. Landlock, where the kernel has it, restricts the TCP
// ports for connections. Mounts define the visible part of the file system.
type Sandbox struct {
	bwrap      string // path of bubblewrap
	executable string // this program, which becomes bubblewrap (Enter)
}

// ErrNotInstalled is why Find failed if bubblewrap is missing. With any other error, this
// machine refuses what bubblewrap needs.
var ErrNotInstalled = errors.New("bubblewrap is not installed")

// Find finds bubblewrap and tries it. The error says why no sandbox can be
// created.
func Find(ctx context.Context) (*Sandbox, error) {
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the path of this program: %w", err)
	}
	var m Mounts
	m.addSystem()
	m.addMemory(Temp, maxTemp)
	m.AddReadOnly(bwrap)
	args := append(append(isolationOptions(), m...), bwrap, "--version")
	if out, err := exec.CommandContext(ctx, bwrap, args...).CombinedOutput(); err != nil {
		if reason := strings.TrimSpace(string(out)); reason != "" {
			err = errors.New(reason)
		}
		return nil, fmt.Errorf("bubblewrap cannot create a sandbox on this machine: %w", err)
	}
	return &Sandbox{bwrap: bwrap, executable: executable}, nil
}

// isolationOptions returns bubblewrap's options for namespaces and capabilities.
// --new-session keeps the code from typing on the operator's terminal.
func isolationOptions() []string {
	return []string{"--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--die-with-parent", "--new-session"}
}

// arg0 is argv[0] of this program when it must become bubblewrap. The arguments
// are the allowed ports, then bubblewrap and its own arguments.
const arg0 = "reconcile-sandbox"

// View is what a command in the sandbox has of this machine.
type View struct {
	Dir     string // working directory, as it is called in the sandbox
	Mounts  Mounts // beside the system's libraries, /proc and /dev
	Network bool
	Ports   []uint16 // TCP ports that it may connect to, if it has a network
}

// Confine makes cmd run in the sandbox. The program must be among the Mounts. The caller
// sets HOME and TMPDIR to Home and Temp.
func (s *Sandbox) Confine(cmd *exec.Cmd, v View) {
	m := Mounts(isolationOptions())
	if v.Network {
		m = append(m, "--share-net")
	}
	m.addSystem()
	m.addMemory(Temp, maxTemp)
	m = append(m, "--dir", Home)
	m = append(append(m, v.Mounts...), "--remount-ro", "/", "--chdir", v.Dir, "--", cmd.Path)
	cmd.Args = append(append([]string{arg0, fmt.Sprint(v.Ports), s.bwrap}, m...), cmd.Args[1:]...)
	cmd.Path = s.executable
}

// Enter must be called first in main. It does nothing unless this program was
// started to become bubblewrap: Landlock restricts only the process that asks for it.
func Enter() {
	if os.Args[0] != arg0 || len(os.Args) < 3 {
		return
	}
	fmt.Fprintln(os.Stderr, "Error: the sandbox:", becomeBubblewrap(os.Args[1], os.Args[2:]))
	os.Exit(1)
}

func becomeBubblewrap(ports string, argv []string) error {
	var allowed []uint16
	for field := range strings.FieldsSeq(strings.Trim(ports, "[]")) {
		port, err := strconv.ParseUint(field, 10, 16)
		if err != nil {
			return err
		}
		allowed = append(allowed, uint16(port))
	}
	runtime.LockOSThread() // the restriction belongs to this thread, which becomes bubblewrap
	if err := restrictPorts(allowed); err != nil {
		return fmt.Errorf("restrict the ports: %w", err)
	}
	if err := boundProcess(); err != nil {
		return fmt.Errorf("limit the processes: %w", err)
	}
	if err := closeInherited(); err != nil {
		return fmt.Errorf("close the files of the parent: %w", err)
	}
	argv, err := addFilter(argv)
	if err != nil {
		return fmt.Errorf("filter the system calls: %w", err)
	}
	return syscall.Exec(argv[0], argv, os.Environ()) //nolint:gosec // what it runs, our own caller says
}

// closeInherited makes the files that are open now, but for the standard ones, end with this
// program: a shell may have left some open, and Go hands them on.
func closeInherited() error {
	entries, err := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			syscall.CloseOnExec(fd)
		}
	}
	return err
}
