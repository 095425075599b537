package main

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/creack/pty"
	"github.com/spf13/cobra"

	"reconcile/cmd/reconcile/internal/doctor"
	"reconcile/internal/commitid"
	"reconcile/internal/runid"
	"reconcile/reconciler/inspect"
	"reconcile/state"
)

// wholeWord is what no line break may part: a word, or what is quoted in an example.
var wholeWord = regexp.MustCompile(`(?:'[^']*'|\S)+`)

// On a narrow terminal what people read is broken between words, in both languages: the help of
// every command and topic, a run, a check of doctor and the last line of validate.
func TestNarrowTerminal(t *testing.T) {
	t.Parallel()
	for _, columns := range []uint16{50, 30} {
		master, terminal, err := pty.Open()
		if err == nil {
			t.Cleanup(func() { _ = master.Close(); _ = terminal.Close() }) // without a master a terminal has no size
			err = pty.Setsize(terminal, &pty.Winsize{Rows: 40, Cols: columns})
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, language := range []string{"en", "ja"} {
			for what, text := range printNarrow(t, terminal, language) {
				for line := range strings.Lines(ansi.Strip(text)) {
					line = strings.TrimRight(line, "\n")
					words := wholeWord.FindAllString(strings.TrimSuffix(line, ` \`), -1)
					if n := ansi.StringWidth(line); n > int(columns) && len(words) > 1 {
						t.Errorf("%s: %d columns of %d: %s", what, n, columns, line)
					}
				}
			}
		}
	}
}

// printNarrow returns what a person reads on the terminal, by what it is.
func printNarrow(t *testing.T, terminal *os.File, language string) map[string]string {
	texts := map[string]string{}
	a := newApp()
	a.terminal, a.settings.Lang = terminal, language
	if language == "ja" {
		a.tr = newTranslator(t)
	}
	capture := func(what string, print func()) {
		var out bytes.Buffer
		a.out = &out
		print()
		texts[fmt.Sprintf("%s (%s)", what, language)] = out.String()
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		var out bytes.Buffer
		c.SetOut(&out)
		c.SetErr(&out)
		_ = c.Help()
		texts[fmt.Sprintf("help %s (%s)", c.CommandPath(), language)] = out.String()
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	root := newRootCommand(a)
	root.SetArgs(nil)
	if err := root.PersistentFlags().Set("lang", language); err != nil {
		t.Fatal(err)
	}
	walk(root)
	capture("runs ID", func() {
		a.printRun(a.out, state.Run{
			ID: runid.ID("01JD0000000000000000000000"), Trigger: "schedule", Outcome: "failed", StartedAt: time.Unix(0, 0), EndedAt: time.Unix(90, 0),
			FromCommit: commitid.ID(strings.Repeat("a", 40)), ToCommit: commitid.ID(strings.Repeat("b", 40)), Error: "git fetch: the repository cannot be reached now: connection refused",
		})
	})
	capture("doctor", func() {
		printCheck(a, doctor.Result{Check: "workspaces", Detail: "1 of 2 are refused, and the workspaces that read them wait: b", Hint: "fix them in Git; passes apply the others meanwhile"})
	})
	capture("validate", func() { printValidation(a, &inspect.Validation{}) })
	return texts
}
