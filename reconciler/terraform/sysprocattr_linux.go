package terraform

import "syscall"

// sysProcAttr gives a program a process group of its own, so that Ctrl-C at our
// terminal does not reach it, and has it end with us.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
