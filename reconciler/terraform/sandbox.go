package terraform

import (
	"context"
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
// ports for connections. sandbox_mounts.go defines the visible part of the file system.
type Sandbox struct {
	bwrap      string // path of bubblewrap
	executable string // this program, which becomes bubblewrap (EnterSandbox)
}

// FindSandbox finds bubblewrap and tries it. The error says why no sandbox can be
// created.
func FindSandbox(ctx context.Context) (*Sandbox, error) {
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, fmt.Errorf("bubblewrap is not installed: %w", err)
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the path of this program: %w", err)
	}
	var m mounts
	m.addSystem()
	m.addReadOnly(bwrap)
	args := append(append(isolationOptions(false), m...), bwrap, "--version")
	if out, err := exec.CommandContext(ctx, bwrap, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("bubblewrap cannot create a sandbox on this machine: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return &Sandbox{bwrap: bwrap, executable: executable}, nil
}

// isolationOptions returns bubblewrap's options for namespaces and capabilities.
// --new-session keeps the code from typing on the operator's terminal.
func isolationOptions(network bool) []string {
	args := []string{"--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--die-with-parent", "--new-session"}
	if network {
		args = append(args, "--share-net")
	}
	return args
}

// sandboxArg0 is argv[0] of this program when it must become bubblewrap. The arguments
// are the allowed ports, then bubblewrap and its own arguments.
const sandboxArg0 = "reconcile-sandbox"

// wrapCommand makes cmd run in the sandbox. cmd's arguments are bubblewrap's.
func (s *Sandbox) wrapCommand(cmd *exec.Cmd, ports []uint16) {
	cmd.Path = s.executable
	cmd.Args = append([]string{sandboxArg0, fmt.Sprint(ports), s.bwrap}, cmd.Args[1:]...)
}

// EnterSandbox must be called first in main. It does nothing unless this program was
// started to become bubblewrap: Landlock restricts only the process that asks for it.
func EnterSandbox() {
	if os.Args[0] != sandboxArg0 || len(os.Args) < 3 {
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
	return syscall.Exec(argv[0], argv, os.Environ()) //nolint:gosec // what it runs, our own caller says
}
