package main

import (
	"io"
	"os"

	"github.com/charmbracelet/colorprofile"
	"golang.org/x/term"
)

// isTerminal says whether a file is a terminal that can be redrawn.
func isTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// colours writes to f and takes out the colours that it does not show: none
// in a pipe, and none with NO_COLOR.
func colours(f *os.File) io.Writer {
	return colorprofile.NewWriter(f, os.Environ())
}

// Widths of text, in columns.
const (
	defaultWidth = 80
	leastWidth   = 30
)

// width is how wide text may be: the terminal's width, or 80 columns.
func (a *app) width() int {
	if a.terminal == nil {
		return defaultWidth
	}
	w, _, err := term.GetSize(int(a.terminal.Fd()))
	if err != nil || w <= 0 {
		return defaultWidth
	}
	return max(w, leastWidth)
}
