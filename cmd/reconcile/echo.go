package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// withoutEcho keeps typed characters off the screen until restore is called:
// they would end up in the midst of the live view. Signals by key stay.
func withoutEcho(terminal *os.File) (restore func()) {
	fd := int(terminal.Fd())
	before, err := unix.IoctlGetTermios(fd, ioctlGet)
	if err != nil {
		return func() {} // it is no terminal after all
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, ioctlSet, &silent) // without it the view is only less tidy
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSet, before) }
}

// foreground says whether the terminal is ours to draw on. A job in the
// background that changes its settings would be stopped.
func foreground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
