package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// hook project|git URL | lose | repeat | answers RESULT...: Backlog sends
// webhooks to URL; loses them from now on; sends the last one again; and this
// is what was answered to those since the last time.
func hookCommand(ts *testscript.TestScript, neg bool, args []string) {
	b := fixtureOf(ts).backlog
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: hook project|git URL | lose | repeat | answers RESULT...")
	case args[0] == "lose":
		b.SetDropWebhooks(true)
	case args[0] == "repeat":
		b.RepeatLastDelivery()
	case args[0] == "answers":
		var got []string
		for _, d := range b.Deliveries() {
			var answer struct{ Result string }
			_ = json.Unmarshal([]byte(d.Response), &answer) // the whole is shown
			ts.Logf("%d %s", d.Status, strings.TrimSpace(d.Response))
			got = append(got, answer.Result)
		}
		if !slices.Equal(got, args[1:]) {
			ts.Fatalf("webhooks were answered %q", got)
		}
	case len(args) == 2:
		b.AddWebhook(args[0], args[1])
	default:
		ts.Fatalf("hook %q", args)
	}
}

// free-address VARIABLE sets an address that nobody listens on.
func freeAddressCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: free-address VARIABLE")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Check(listener.Close())
	ts.Setenv(args[0], listener.Addr().String())
}

// next-pass FIFO FILE [OUTCOME] reads what watch, or serve, says of its next pass (or of
// the next with an outcome), as JSON, from a fifo into a file.
func nextPassCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 3 {
		ts.Fatalf("usage: next-pass FIFO FILE [OUTCOME]")
	}
	w := fixtureOf(ts)
	if w.passOutput == nil {
		// Open for writing as well, so that there is a reader between two.
		f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR, 0)
		ts.Check(err)
		ts.Defer(func() { _ = f.Close() })
		w.passPipe, w.passOutput = f, bufio.NewReader(f)
	}
	for {
		line := readFIFO(ts, w.passPipe, w.passOutput)
		var pass struct{ Outcome string }
		ts.Check(json.Unmarshal(line, &pass))
		if len(args) == 2 || pass.Outcome == args[2] {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), line, 0o600))
			return
		}
	}
}
