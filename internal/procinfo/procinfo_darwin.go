// Package procinfo asks the system which boot it is in and when a process was started.
package procinfo

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// BootID returns the id of the machine's current boot, or "" if the system has none.
func BootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

// PIDScope returns the boot id: there are no pid namespaces. The pids of two processes are
// comparable where their scopes are equal.
func PIDScope() string { return BootID() }

// Zombie is the status of a process that has ended but was not yet reaped: SZOMB in
// sys/proc.h.
const Zombie = 5

// StartTime returns when a process was started, in seconds since 1970, and whether it has
// ended but was not yet reaped. start is "" if it cannot be read.
func StartTime(pid int) (start string, ended bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", false
	}
	at := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", at.Sec, at.Usec), info.Proc.P_stat == Zombie
}
