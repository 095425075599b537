//go:build linux

package sandbox_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform/sandbox"
)

// attackVariable makes the test binary the attacker's program. Its value is what the parent
// has that the attacker must not get.
const attackVariable = "SANDBOX_TEST_ATTACK"

// parentSecrets has what an attack tries to get of its parent.
type parentSecrets struct {
	key   int // in the session's keyring
	shmID int
	pid   int
	udp   int // a port on the loopback interface
}

func (s parentSecrets) String() string {
	return fmt.Sprint(s.key, " ", s.shmID, " ", s.pid, " ", s.udp)
}

// listAttacks returns what a program tries, once it runs in the sandbox. Each returns nil if it can.
func listAttacks(secrets parentSecrets) map[string]func() error {
	tryCall := func(number uintptr, args ...uintptr) func() error {
		return func() error {
			var a [6]uintptr
			copy(a[:], args)
			if _, _, errno := syscall.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno == unix.EPERM || errno == unix.ENOSYS {
				return errno
			}
			return nil // also for another error: the kernel looked at the arguments
		}
	}
	openSocket := func(family, kind int) func() error {
		return func() error {
			fd, err := unix.Socket(family, kind, 0)
			if err == nil {
				unix.Close(fd)
			}
			return err
		}
	}
	found := map[string]func() error{
		"reads a key of the session": func() error {
			_, err := unix.KeyctlBuffer(unix.KEYCTL_READ, secrets.key, make([]byte, 100), 0)
			return err
		},
		"lists the session's keys": func() error {
			_, err := unix.KeyctlBuffer(unix.KEYCTL_READ, unix.KEY_SPEC_SESSION_KEYRING, make([]byte, 100), 0)
			return err
		},
		"attaches shared memory": func() error {
			_, err := unix.SysvShmAttach(secrets.shmID, 0, unix.SHM_RDONLY)
			return err
		},
		"signals the parent": func() error { return syscall.Kill(secrets.pid, 0) },
		"traces the parent":  func() error { return unix.PtraceSeize(secrets.pid) },
		"makes a namespace of users": func() error {
			cmd := exec.Command("/proc/self/exe")
			cmd.Env, cmd.SysProcAttr = []string{attackVariable + "=none"}, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS}
			return cmd.Run()
		},
		"leaves for a namespace":   tryCall(unix.SYS_UNSHARE, unix.CLONE_NEWUSER),
		"mounts":                   tryCall(unix.SYS_MOUNT),
		"opens a tree":             tryCall(unix.SYS_OPEN_TREE),
		"reads another's memory":   tryCall(unix.SYS_PROCESS_VM_READV, uintptr(os.Getpid())),
		"loads BPF":                tryCall(unix.SYS_BPF, ^uintptr(0)),
		"counts events":            tryCall(unix.SYS_PERF_EVENT_OPEN),
		"uses io_uring":            tryCall(unix.SYS_IO_URING_SETUP, 1),
		"handles faults of memory": tryCall(unix.SYS_USERFAULTFD, ^uintptr(0)),
		"asks the hypervisor":      openSocket(unix.AF_VSOCK, unix.SOCK_STREAM),
		"asks for packets":         openSocket(unix.AF_PACKET, unix.SOCK_RAW),
		"asks for ciphers":         openSocket(unix.AF_ALG, unix.SOCK_SEQPACKET),
		"makes a device":           func() error { return unix.Mknod("/tmp/device", unix.S_IFBLK|0o600, int(unix.Mkdev(8, 0))) },
		"leaves an image of its memory": func() error {
			return unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{Cur: 1, Max: 1})
		},
		"is the last to be ended": func() error { return os.WriteFile("/proc/self/oom_score_adj", []byte("0"), 0) },
		"changes the kernel's settings": func() error {
			return firstWritable("/proc/sys")
		},
		"writes below /proc": func() error {
			entries, err := os.ReadDir("/proc")
			for _, entry := range entries {
				if _, notNumber := strconv.Atoi(entry.Name()); notNumber != nil && entry.Name() != "sys" && firstWritable(filepath.Join("/proc", entry.Name())) == nil {
					return nil
				}
			}
			return errors.Join(err, fs.ErrPermission)
		},
		"has a file of its parent": func() error {
			entries, err := os.ReadDir("/proc/self/fd")
			for _, entry := range entries {
				place, _ := os.Readlink("/proc/self/fd/" + entry.Name())
				if strings.HasPrefix(place, "/") && place != "/dev/null" && !strings.HasPrefix(place, "/proc/") {
					return nil
				}
			}
			return errors.Join(err, fs.ErrNotExist)
		},
		"sees the parent": func() error { _, err := os.Stat(fmt.Sprintf("/proc/%d", secrets.pid)); return err },
		"gets privileges": func() error {
			status, err := os.ReadFile("/proc/self/status")
			if err != nil || strings.Contains(string(status), "NoNewPrivs:\t1") && strings.Contains(string(status), "CapBnd:\t0000000000000000") {
				return errors.Join(err, fs.ErrPermission)
			}
			return nil
		},
		"sends to the loopback interface": func() error {
			conn, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", secrets.udp))
			if err == nil {
				_, err = conn.Write([]byte("x"))
				_, second := conn.Write([]byte("x")) // which says that nobody hears
				err = errors.Join(err, second, conn.Close())
			}
			return err
		},
		"asks for the credentials of the machine": func() error {
			conn, err := net.Dial("tcp", "169.254.169.254:80")
			if err == nil {
				conn.Close()
			}
			return err
		},
	}
	for _, place := range []string{"/run", "/var", "/root", "/etc/shadow", "/etc/passwd", "/sys", "/dev/mem", "/dev/kmsg", "/dev/fuse", "/boot", "/etc/machine-id"} {
		found["sees "+place] = func() error { _, err := os.Stat(place); return err }
	}
	return found
}

// firstWritable returns nil if a file below a place can be opened for writing.
func firstWritable(place string) error {
	result := fs.ErrPermission
	_ = filepath.WalkDir(place, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		file, err := os.OpenFile(path, os.O_WRONLY, 0) // and writes nothing
		if err != nil {
			return nil
		}
		result = nil
		return errors.Join(file.Close(), fs.SkipAll)
	})
	return result
}

// runAttacks runs the attacker's program, which prints what it could do.
func runAttacks(value string) {
	var secrets parentSecrets
	if _, err := fmt.Sscan(value, &secrets.key, &secrets.shmID, &secrets.pid, &secrets.udp); err != nil {
		return
	}
	for name, try := range listAttacks(secrets) {
		if strings.HasPrefix(name, "asks for the credentials") && os.Getenv("OPEN") != "" {
			continue // no machine need have any
		}
		if try() == nil {
			fmt.Println("can:", name)
		}
	}
}

// TestAttacksInSandbox: a program in the sandbox gets at
// nothing of its parent and at no part of the kernel that a plan does not need. Outside the
// sandbox it does.
func TestAttacksInSandbox(t *testing.T) {
	testtier.Needs(t, testtier.Sandbox)
	found, err := sandbox.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread() // whose keyring is the session's of what it starts
	if _, err := unix.KeyctlJoinSessionKeyring("reconcile-test"); err != nil {
		t.Fatal(err)
	}
	secrets := parentSecrets{pid: os.Getpid()}
	if secrets.key, err = unix.AddKey("user", "secret", []byte("s3cret"), unix.KEY_SPEC_SESSION_KEYRING); err != nil {
		t.Fatal(err)
	}
	if secrets.shmID, err = unix.SysvShmGet(unix.IPC_PRIVATE, 4096, unix.IPC_CREAT|0o600); err != nil {
		t.Fatal(err)
	}
	defer unix.SysvShmCtl(secrets.shmID, unix.IPC_RMID, nil)
	service, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer service.Close()
	secrets.udp = service.LocalAddr().(*net.UDPAddr).Port
	inherited, err := os.Open("/etc/hostname")
	if err != nil {
		t.Fatal(err)
	}
	defer inherited.Close()
	run := func(confine bool, network bool) []string {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(self)
		cmd.Env, cmd.Stderr = []string{attackVariable + "=" + secrets.String()}, os.Stderr
		cmd.ExtraFiles = []*os.File{inherited}
		if confine {
			var m sandbox.Mounts
			m.AddReadOnly(self)
			found.Confine(cmd, sandbox.View{Dir: "/", Mounts: m, Network: network, Ports: []uint16{443, 53}})
		} else {
			cmd.Env = append(cmd.Env, "OPEN=yes")
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		var can []string
		for line := range strings.Lines(string(out)) {
			can = append(can, strings.TrimSpace(strings.TrimPrefix(line, "can: ")))
		}
		slices.Sort(can)
		return can
	}
	if can := run(true, false); len(can) > 0 {
		t.Errorf("in the sandbox without a network it can: %q", can)
	}
	if can := run(true, true); !slices.Equal(can, []string{"sends to the loopback interface"}) { // docs/preview.md says so
		t.Errorf("in the sandbox it can: %q", can)
	}
	open := run(false, true)
	for _, want := range []string{
		"reads a key of the session", "lists the session's keys", "attaches shared memory", "signals the parent", "makes a namespace of users", "leaves for a namespace", "sees the parent", "has a file of its parent",
		"sends to the loopback interface", "gets privileges", "reads another's memory", "sees /etc/passwd", "opens a tree", "is the last to be ended",
	} {
		if !slices.Contains(open, want) {
			t.Errorf("outside the sandbox it cannot do %q: this test shows nothing; %q", want, open)
		}
	}
}
