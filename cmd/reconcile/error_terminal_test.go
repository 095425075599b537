package main

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
)

// On a terminal an error is broken into lines that fit, also of Japanese, whose characters are two
// columns wide.
func TestErrorsFitTheTerminal(t *testing.T) {
	t.Parallel()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "ja"} {
		c := exec.CommandContext(t.Context(), program)
		c.Args = []string{"reconcile", "plan", "--repo", "/nonexistent-repository"} // the name makes it the program: TestMain
		c.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=xterm", "RECONCILE_LANG="+language)
		terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 30, Cols: 50})
		if err != nil {
			t.Fatal(err)
		}
		var screen bytes.Buffer
		_, _ = io.Copy(&screen, terminal) // ends with an error when the program does
		_ = c.Wait()                      // it fails
		_ = terminal.Close()
		if !strings.Contains(screen.String(), "  → ") {
			t.Errorf("%s: no next step in %q", language, screen.String())
		}
		for line := range strings.Lines(screen.String()) {
			if width := ansi.StringWidth(strings.TrimSpace(line)); width > 50 {
				t.Errorf("%s: %d columns: %s", language, width, line)
			}
		}
	}
}
