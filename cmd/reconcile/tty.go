package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// disableEcho keeps typed characters off the screen until restore is called:
// they would end up in the midst of the live view. Signals by key stay.
func disableEcho(terminal *os.File) (restore func()) {
	fd := int(terminal.Fd())
	previous, err := unix.IoctlGetTermios(fd, ioctlGet)
	if err != nil {
		return func() {} // it is no terminal after all
	}
	silent := *previous
	silent.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, ioctlSet, &silent) // without it the view is only less tidy
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSet, previous) }
}

// ownsTerminal says whether the terminal is ours to draw on. A job in the
// background that changes its settings would be stopped.
func ownsTerminal(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
