package state

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// bootID returns the id of the boot session; there are no pid namespaces.
func bootID() string {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return ""
	}
	return id
}

// startTime returns when a process was started, in seconds since 1970, and whether it has
// ended but was not yet reaped. start is "" if it cannot be read.
func startTime(pid int) (start string, ended bool) {
	info, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		return "", false
	}
	const zombie = 5 // SZOMB in sys/proc.h
	at := info.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", at.Sec, at.Usec), info.Proc.P_stat == zombie
}
