package main

import (
	"bufio"
	"encoding/json"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/internal/awsfake"
	"reconcile/internal/secret"
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

// next-pass FIFO FILE [OUTCOME] reads what watch says of its next pass (or of
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
		ts.Check(f.SetReadDeadline(time.Now().Add(2 * time.Minute)))
		w.passOutput = bufio.NewReader(f)
	}
	for {
		line, err := w.passOutput.ReadBytes('\n')
		ts.Check(err)
		var pass struct{ Outcome string }
		ts.Check(json.Unmarshal(line, &pass))
		if len(args) == 2 || pass.Outcome == args[2] {
			ts.Check(os.WriteFile(ts.MkAbs(args[1]), line, 0o600))
			return
		}
	}
}

// The token is in the environment, or where that says.
func TestWebhookToken(t *testing.T) {
	cloud := awsfake.Start(t, nil)
	cloud.SetSecret("reconcile/webhook-token", "s3cret\n")
	t.Setenv("AWS_ENDPOINT_URL", cloud.URL)
	t.Setenv("AWS_REGION", "ap-northeast-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	a, _, _ := newTestApp(t, "/")
	for _, location := range []secret.Text{"s3cret", "secretsmanager://reconcile/webhook-token"} {
		a.settings.WebhookToken = location
		read, err := a.webhookTokenReader()
		if err != nil {
			t.Fatal(err)
		}
		if token, err := read(t.Context()); err != nil || token != "s3cret" {
			t.Errorf("%q: %q, %v", string(location), string(token), err)
		}
	}
	a.settings.WebhookToken = "secretsmanager://no-such"
	read, err := a.webhookTokenReader()
	if err != nil {
		t.Fatal(err)
	}
	if token, err := read(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such") {
		t.Errorf("%q, %v", string(token), err)
	}
}
