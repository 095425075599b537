package ui

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

	"reconcile/reconciler/run"
)

// A line about a signal is shown also when the view of the pass is off the screen, while the program
// ends what is left.
func TestNoteAfterTheView(t *testing.T) {
	t.Parallel()
	master, terminal, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = terminal.Close(); _ = master.Close() })
	go func() { _, _ = io.Copy(io.Discard, master) }() // until it is closed
	var logs bytes.Buffer
	p := NewPassPrinter(PassOutput{Out: io.Discard, Err: io.Discard, Terminal: terminal, Logs: NewScreenWriter(&logs)})
	p.Observe(run.Event{Workspace: "a", Phase: run.PhaseApply})
	p.Close()
	p.PrintLine("stopping")
	if !strings.Contains(logs.String(), "stopping") {
		t.Errorf("printed %q", logs.String())
	}
}
