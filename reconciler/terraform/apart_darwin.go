package terraform

import "syscall"

// apart gives a program a process group of its own, so that Ctrl-C at our
// terminal does not reach it.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
