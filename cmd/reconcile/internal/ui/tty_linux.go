package ui

import "golang.org/x/sys/unix"

// How to read and write a terminal's settings.
const (
	ioctlGet = unix.TCGETS
	ioctlSet = unix.TCSETS
)
