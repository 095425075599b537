package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// landlockPort is the kernel's struct landlock_net_port_attr.
type landlockPort struct{ access, port uint64 }

const landlockRuleNetPort = 2

// landlockVersion returns the version of the kernel's Landlock, or 0.
func landlockVersion() uintptr {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return version
}

// RestrictsPorts reports whether this kernel can keep code in a sandbox from ports.
func RestrictsPorts() bool { return landlockVersion() >= firstWithPorts }

// firstWithPorts is the first version of Landlock with rules for ports: Linux 6.7.
const firstWithPorts = 4

// restrictPorts keeps this thread, and the program it becomes, from TCP connections to
// other ports, such as those where AWS serves credentials. It also blocks abstract Unix
// sockets of other processes. Without Landlock in the kernel it restricts nothing.
func restrictPorts(ports []uint16) error {
	if !RestrictsPorts() {
		return nil
	}
	version := landlockVersion()
	set := unix.LandlockRulesetAttr{Handled_access_net: unix.LANDLOCK_ACCESS_NET_CONNECT_TCP}
	if version >= 6 {
		set.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	size := unsafe.Offsetof(set.Quiet_access_fs)
	if version < 6 {
		size = unsafe.Offsetof(set.Scoped)
	}
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&set)), size, 0) //nolint:gosec // the kernel reads it there
	if errno != 0 {
		return errno
	}
	defer unix.Close(int(rules))
	for _, port := range ports {
		rule := landlockPort{access: unix.LANDLOCK_ACCESS_NET_CONNECT_TCP, port: uint64(port)}
		if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, landlockRuleNetPort, uintptr(unsafe.Pointer(&rule)), 0, 0, 0); errno != 0 { //nolint:gosec // the kernel reads it there
			return errno
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return errno
	}
	return nil
}
