package main

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/creack/pty"

	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
	"reconcile/reconciler/source/gittest"
)

// On a terminal watch has a live view while a pass works, its lines have times, and Ctrl-C
// while it is idle ends it with nothing to wait for.
func TestWatchOnTerminal(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	repo, pipe := newSlowRepo(t)
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program)
	c.Args = []string{"reconcile", "watch", "--interval", "1h"} // the name makes it the program: TestMain
	c.Env = append(os.Environ(), "HOME="+t.TempDir(), "TERM=xterm", "RECONCILE_GATE=always", "RECONCILE_REPO="+repo.Dir)
	terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 30, Cols: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	screen := newLineBuffer(t)
	screen.stopAt("failed", func() { _ = c.Process.Kill() })
	watch := waittest.Go(c.Wait)
	go func() {
		defer screen.end()
		_, _ = io.Copy(screen, terminal) // ends with an error when the program does
	}()

	screen.waitForMatch(`● (?s:.*)slow(?s:.*)1 running`)
	screen.waitForMatch(`apply`) // the view draws what has changed
	if err := waittest.OpenForReader(t, pipe, watch).Close(); err != nil {
		t.Fatal(err)
	}
	screen.waitForMatch(`\d\d:\d\d:\d\d .*applied.*slow`)
	screen.waitForMatch(`\d\d:\d\d:\d\d .*done.*: 1 applied`)
	if _, err := terminal.Write([]byte{3}); err != nil { // Ctrl-C
		t.Fatal(err)
	}
	screen.waitForMatch(`stopping\r\n`) // with nothing to finish
	if err := watch.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// Without colours a terminal gets no styles, whatever shows: the live view, results, the pager.
func TestNoColorOnTerminal(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	repo, home := gittest.New(t), t.TempDir()
	repo.Commit("first", map[string]string{"env/a/main.tf": "resource \"terraform_data\" \"this\" {\n}\n"})
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"now", "--no-color"}, {"status", "--no-color"}, {"runs", "latest", "--no-color"}, {"now", "--replan"}} {
		c := exec.CommandContext(t.Context(), program)
		c.Args = append([]string{"reconcile"}, args...) // the name makes it the program: TestMain
		c.Env = append(os.Environ(), "HOME="+home, "TERM=xterm-256color", "PAGER=cat", "RECONCILE_REPO="+repo.Dir)
		if args[len(args)-1] != "--no-color" {
			c.Env = append(c.Env, "NO_COLOR=1")
		}
		terminal, err := pty.StartWithSize(c, &pty.Winsize{Rows: 30, Cols: 100})
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(terminal) // an error when the program ends
		if err := c.Wait(); err != nil || len(said) == 0 {
			t.Errorf("%v: %v, %q", args, err, said)
		}
		if style := regexp.MustCompile("\x1b\\[[0-9;]*m").Find(said); style != nil {
			t.Errorf("%v shows the style %q: %q", args, style, said)
		}
		terminal.Close()
	}
}

// waitForMatch waits until the text has a match, takes it out up to the match's end, and
// returns that.
func (b *lineBuffer) waitForMatch(pattern string) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		if at := regexp.MustCompile(pattern).FindIndex(b.text); at != nil {
			taken := b.text[:at[1]]
			b.text = b.text[at[1]:]
			return taken
		}
		b.wait(pattern)
	}
}
