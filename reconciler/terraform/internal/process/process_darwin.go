package process

import (
	"syscall"

	"golang.org/x/sys/unix"

	"reconcile/internal/procinfo"
)

// SysProcAttr gives a program its own process group, so that Ctrl-C at the terminal
// does not reach it.
func SysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// listProcesses asks the kernel. It cannot read the environments of programs that macOS
// protects; such processes are found only as descendants.
func listProcesses() ([]process, error) {
	infos, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, info := range infos {
		if info.Proc.P_stat == procinfo.Zombie {
			continue
		}
		p := process{
			pid:    int(info.Proc.P_pid),
			parent: int(info.Eproc.Ppid),
			group:  int(info.Eproc.Pgid),
		}
		// The block holds arguments and environment as NUL-terminated strings.
		if block, err := unix.SysctlRaw("kern.procargs2", p.pid); err == nil {
			p.tag = findTag(block)
		}
		all = append(all, p)
	}
	return all, nil
}
