package ui

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// IsTerminal reports whether a file is a terminal that can be redrawn.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// ColorWriter writes to w and removes the colours that file cannot show: all of them
// for a pipe.
func ColorWriter(file *os.File, w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.Detect(file, os.Environ())}
}

// PlainWriter writes to w without colours and other styles.
func PlainWriter(w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.NoTTY}
}

// Widths of text, in columns.
const (
	DefaultWidth = 80
	minWidth     = 30
	// noWidth is the width of a pipe or file: lines are not cut or wrapped.
	noWidth = 1 << 20
)

// Width returns the width of the terminal in columns, or noWidth for nil.
func Width(terminal *os.File) int {
	if terminal == nil {
		return noWidth
	}
	w, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || w <= 0 {
		return DefaultWidth
	}
	return max(w, minWidth)
}

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

// OwnsTerminal reports whether this process is in the foreground of the terminal. A
// background job that changes the terminal's settings would be stopped.
func OwnsTerminal(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err == nil && group == unix.Getpgrp()
}
