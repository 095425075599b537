package terraform

import "golang.org/x/sys/unix"

const zombie = 5 // SZOMB of sys/proc.h

// listProcesses asks the kernel. The environments of programs that the system
// protects cannot be read: those are found as descendants only.
func listProcesses() ([]process, error) {
	infos, err := unix.SysctlKinfoProcSlice("kern.proc.all")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, info := range infos {
		if info.Proc.P_stat == zombie {
			continue
		}
		p := process{
			pid:    int(info.Proc.P_pid),
			parent: int(info.Eproc.Ppid),
			group:  int(info.Eproc.Pgid),
		}
		// Arguments and environment, in one block of NUL-ended strings.
		if block, err := unix.SysctlRaw("kern.procargs2", p.pid); err == nil {
			p.tag = findTag(block)
		}
		all = append(all, p)
	}
	return all, nil
}
