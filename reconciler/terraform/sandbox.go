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

// Sandbox confines what Terraform runs for code that nobody has approved: with
// namespaces of its own for users, processes and mounts, made by bubblewrap,
// and a bound on the TCP ports that it may connect to, where the kernel has
// Landlock. What it shows of this machine is said in sandbox_mounts.go.
type Sandbox struct {
	bwrap      string // bubblewrap
	executable string // this program, which becomes bubblewrap (EnterSandbox)
}

// FindSandbox finds bubblewrap and tries it. The error says why nothing can be
// confined here.
func FindSandbox(ctx context.Context) (*Sandbox, error) {
	bwrap, err := exec.LookPath("bwrap")
	if err != nil {
		return nil, fmt.Errorf("bubblewrap is not installed: %w", err)
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("the path of this program: %w", err)
	}
	var m mounts
	m.addSystem()
	m.addReadOnly(bwrap)
	args := append(append(isolationOptions(false), m...), bwrap, "--version")
	if out, err := exec.CommandContext(ctx, bwrap, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("bubblewrap cannot make a sandbox on this machine: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return &Sandbox{bwrap: bwrap, executable: executable}, nil
}

// isolationOptions are bubblewrap's options for namespaces and rights. A session of
// its own (--new-session) keeps the code from typing on the operator's
// terminal.
func isolationOptions(network bool) []string {
	args := []string{"--unshare-all", "--unshare-user", "--cap-drop", "ALL", "--die-with-parent", "--new-session"}
	if network {
		args = append(args, "--share-net")
	}
	return args
}

// sandboxArg0 is what this program is called when it is to become bubblewrap.
// The arguments are the ports that may be connected to, then bubblewrap and its
// own.
const sandboxArg0 = "reconcile-sandbox"

// wrapCommand has a command run in the sandbox: its arguments are bubblewrap's.
func (s *Sandbox) wrapCommand(cmd *exec.Cmd, ports []uint16) {
	cmd.Path = s.executable
	cmd.Args = append([]string{sandboxArg0, fmt.Sprint(ports), s.bwrap}, cmd.Args[1:]...)
}

// EnterSandbox is called first in main. It does nothing unless this program was
// started to be bubblewrap: a bound on ports is of the process that makes it.
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
	runtime.LockOSThread() // the bound is of the thread that goes on to be bubblewrap
	if err := restrictPorts(allowed); err != nil {
		return fmt.Errorf("bound the ports that it may connect to: %w", err)
	}
	return syscall.Exec(argv[0], argv, os.Environ()) //nolint:gosec // what it runs, our own caller says
}
