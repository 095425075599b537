package terraform

import "syscall"

// sysProcAttr gives a program its own process group, so that Ctrl-C at the terminal
// does not reach it. The kernel kills the program when this process dies.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
