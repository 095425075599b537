package terraform

import "syscall"

// sysProcAttr gives a program its own process group, so that Ctrl-C at the terminal
// does not reach it.
func sysProcAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
