package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reconcile/cmd/reconcile/internal/config"
	"reconcile/internal/programtest"
	"reconcile/reconciler/preview"
)

// A process that makes a preview and comes to a bad end is explained; what it
// leaves running does not keep us.
func TestPreviewProcessEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, says string }{
		"killed":            {`kill -9 $$`, "killed (killed), probably out of memory"},
		"without memory":    {`echo 'fatal error: runtime: out of memory' >&2; exit 2`, "it needed more than 300 MiB of memory (--memory)"},
		"with an error":     {`echo 'reconcile: what went wrong' >&2; exit 1`, "exit status 1: reconcile: what went wrong"},
		"without an answer": {`exit 0`, "cannot read the response: EOF"},
		"with nonsense":     {`echo nonsense`, "cannot read the response"},
		"never silent":      {`exec cat /dev/zero`, "response larger than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer, err := newScriptedProcess(t, c.script).run(t.Context(), t.Context(), preview.Request{})
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%+v, %v", answer, err)
			}
		})
	}
}

func newScriptedProcess(t *testing.T, script string) *previewProcess {
	t.Helper()
	program := filepath.Join(t.TempDir(), "reconcile")
	programtest.Write(t, program, "#!/bin/sh\n"+script+"\n")
	return &previewProcess{program: program, confinement: config.Confinement{Memory: 300}, gracePeriod: time.Minute, log: io.Discard}
}

// One that hangs is asked to stop, and is killed where it does not.
func TestPreviewProcessHangs(t *testing.T) {
	t.Parallel()
	for name, trap := range map[string]string{"heeds": "", "heeds nothing": "trap '' TERM; "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ready := filepath.Join(t.TempDir(), "ready")
			if err := syscall.Mkfifo(ready, 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			go func() {
				os.ReadFile(ready)
				stop()
			}()
			p := newScriptedProcess(t, fmt.Sprintf("%secho ready > %q; while :; do sleep 0.05; done", trap, ready))
			p.gracePeriod = time.Millisecond
			answer, err := p.run(ctx, t.Context(), preview.Request{})
			if err == nil {
				t.Errorf("%+v", answer)
			}
		})
	}
}

// A process that cannot be started is no failure of a pull request's.
func TestPreviewProcessCannotStart(t *testing.T) {
	t.Parallel()
	p := newScriptedProcess(t, "")
	p.program += "-that-is-not-there"
	answer, err := p.run(t.Context(), t.Context(), preview.Request{})
	if err != nil || !strings.Contains(answer.Error, "start a process for the preview") {
		t.Errorf("%+v, %v", answer, err)
	}
}

// The input of the process holds Git's password, and no secret of Backlog.
func TestPreviewProcessInput(t *testing.T) {
	t.Parallel()
	a := newApp()
	a.settings.GitPassword, a.settings.BacklogAPIKey, a.settings.WebhookToken, a.settings.BacklogCredentials = "s3cret-of-git", "s3cret-of-backlog", "s3cret-of-backlog", "env"
	p, err := a.newPreviewProcess(config.Confinement{})
	if err != nil {
		t.Fatal(err)
	}
	inputFile := filepath.Join(t.TempDir(), "input")
	s := newScriptedProcess(t, fmt.Sprintf("cat > %q; env > %[1]q.env", inputFile))
	p.program = s.program
	_, _ = p.run(t.Context(), t.Context(), preview.Request{}) // it gives no answer
	text, err1 := os.ReadFile(inputFile)
	env, err2 := os.ReadFile(inputFile + ".env")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "s3cret-of-git") || strings.Contains(string(text), "s3cret-of-backlog") || strings.Contains(string(env), "s3cret") {
		t.Errorf("%q, %s", text, env)
	}
}
