package main

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// isTerminal reports whether a file is a terminal that can be redrawn.
func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// colorWriter writes to w and removes the colours that file cannot show: all of them
// for a pipe or with NO_COLOR.
func colorWriter(file *os.File, w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.Detect(file, os.Environ())}
}

// Widths of text, in columns.
const (
	defaultWidth = 80
	minWidth     = 30
	// noWidth is the width of a pipe or file: lines are not cut or wrapped.
	noWidth = 1 << 20
)

// width returns the width of the terminal, or noWidth without one.
func (a *app) width() int { return terminalWidth(a.terminal) }

func terminalWidth(terminal *os.File) int {
	if terminal == nil {
		return noWidth
	}
	w, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || w <= 0 {
		return defaultWidth
	}
	return max(w, minWidth)
}
