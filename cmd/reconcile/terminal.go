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

// colorWriter writes to w and takes out the colours that file, which is behind it,
// does not show: none in a pipe, and none with NO_COLOR.
func colorWriter(file *os.File, w io.Writer) io.Writer {
	return &colorprofile.Writer{Forward: w, Profile: colorprofile.Detect(file, os.Environ())}
}

// Widths of text, in columns.
const (
	defaultWidth = 80
	minWidth     = 30
	// noWidth is that of a pipe or file: no line is cut or broken there.
	noWidth = 1 << 20
)

// width is how wide text may be: as the terminal, or without a bound where
// there is none.
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
