package sandbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// refusedCalls are system calls that no plan needs: by these, code reaches keys, other
// processes, or parts of the kernel that have often had faults.
var refusedCalls = []uint32{
	unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, // the caller's keyrings are inherited
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT,
	unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSOPEN, unix.SYS_FSPICK, unix.SYS_MOUNT_SETATTR,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_IO_URING_SETUP, unix.SYS_PERSONALITY,
}

// socketFamilies has what a plan may use: others reach the hypervisor, or the kernel.
var socketFamilies = []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6, unix.AF_NETLINK}

// newNamespaces are clone's flags for namespaces, in which code would have capabilities.
const newNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS | unix.CLONE_NEWCGROUP

// Where the kernel's struct seccomp_data has the architecture, the number of the call, and
// the lower half of its first argument.
const (
	callNumber    = 0
	callArch      = 4
	firstArgument = 16
)

// auditArchs are the architectures as seccomp names them.
var auditArchs = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// x32Bit marks calls of another convention on amd64, whose numbers are not those above.
const x32Bit = 0x40000000

// seccompFilter returns the filter of system calls for this architecture, or nil for one
// that is not known here.
func seccompFilter() ([]byte, error) {
	arch, ok := auditArchs[runtime.GOARCH]
	if !ok {
		return nil, nil
	}
	refuse := func(errno unix.Errno) bpf.Instruction {
		return bpf.RetConstant{Val: unix.SECCOMP_RET_ERRNO | uint32(errno)}
	}
	program := []bpf.Instruction{
		bpf.LoadAbsolute{Off: callArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: arch, SkipTrue: 1}, refuse(unix.ENOSYS),
		bpf.LoadAbsolute{Off: callNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32Bit, SkipTrue: 1}, refuse(unix.ENOSYS),
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CLONE3, SkipTrue: 1}, refuse(unix.ENOSYS), // its flags are in memory; all fall back to clone
	}
	for _, call := range refusedCalls {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: call, SkipTrue: 1}, refuse(unix.EPERM))
	}
	program = append(program,
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_CLONE, SkipTrue: 3},
		bpf.LoadAbsolute{Off: firstArgument, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpBitsNotSet, Val: newNamespaces, SkipTrue: 1}, refuse(unix.EPERM),
		bpf.LoadAbsolute{Off: callNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: unix.SYS_SOCKET, SkipTrue: uint8(len(socketFamilies) + 2)},
		bpf.LoadAbsolute{Off: firstArgument, Size: 4},
	)
	for i, family := range socketFamilies {
		program = append(program, bpf.JumpIf{Cond: bpf.JumpEqual, Val: family, SkipTrue: uint8(len(socketFamilies) - i)})
	}
	program = append(program, refuse(unix.EAFNOSUPPORT), bpf.RetConstant{Val: unix.SECCOMP_RET_ALLOW})
	raw, err := bpf.Assemble(program)
	var filter bytes.Buffer
	if err == nil {
		err = binary.Write(&filter, binary.NativeEndian, raw)
	}
	return filter.Bytes(), err
}

// addFilter adds bubblewrap's option for the filter, which it reads from a file that it
// inherits.
func addFilter(argv []string) ([]string, error) {
	filter, err := seccompFilter()
	if err != nil || filter == nil {
		return argv, err
	}
	fd, err := unix.MemfdCreate("filter", 0)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "filter")
	if _, err := file.Write(filter); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	return append([]string{argv[0], "--seccomp", fmt.Sprint(fd)}, argv[1:]...), nil
}

// boundProcess limits what the sandbox takes of this machine: the kernel ends it first where
// memory is short, it leaves no image of its memory, and its processes are counted.
func boundProcess() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		return err
	}
	limit.Cur = min(limit.Cur, maxProcesses)
	limit.Max = min(limit.Max, maxProcesses)
	if err := unix.Setrlimit(unix.RLIMIT_NPROC, &limit); err != nil {
		return err
	}
	return os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0)
}

// maxProcesses is the number of processes and threads of this user, in the sandbox and
// outside. The kernel does not count those of root.
const maxProcesses = 8192
