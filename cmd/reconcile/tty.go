package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// disableEcho hides typed characters until restore is called: they would appear in the
// live view. Ctrl-C still sends a signal.
func disableEcho(terminal *os.File) (restore func()) {
	fd := int(terminal.Fd())
	previous, err := unix.IoctlGetTermios(fd, ioctlGet)
	if err != nil {
		return func() {} // not a terminal
	}
	silent := *previous
	silent.Lflag &^= unix.ECHO
	_ = unix.IoctlSetTermios(fd, ioctlSet, &silent) // an error only makes the view less tidy
	return func() { _ = unix.IoctlSetTermios(fd, ioctlSet, previous) }
}

// ownsTerminal reports whether this process is in the foreground of the terminal. A
// background job that changes the terminal's settings would be stopped.
func ownsTerminal(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
