package terraform

import "syscall"

// sysProcAttr gives a program a process group of its own, so that Ctrl-C at our
// terminal does not reach it.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
