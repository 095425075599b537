package terraform_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/excerpt"
	"reconcile/internal/programtest"
	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

// TestLargeOutput: of endless output of a provisioner only the beginning, the end and the
// omitted size are stored, without secrets.
func TestLargeOutput(t *testing.T) {
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, `
variable "token" {}
resource "terraform_data" "x" {
  provisioner "local-exec" { command = "echo BEGIN; yes 'a line with tok-123456' | head -n 131000; echo THE END" }
}`, opt)
		s.spec.Vars = map[string]string{"token": "tok-123456"}
		log := excerpt.New(1 << 20)
		s.spec.Log = log
		s.apply()
		text := log.String()
		if len(text) > 2<<20 || log.Len() < 3000000 {
			t.Errorf("%d bytes are kept of %d", len(text), log.Len())
		}
		for _, part := range []string{"BEGIN", " bytes omitted]\n", "a line with (redacted)", "THE END"} {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in the log", part)
			}
		}
		if strings.Contains(text, "tok-1") {
			t.Error("a secret is in the log")
		}
	})
}

// withScriptedPlan returns a terraform that runs a script for plan.
func withScriptedPlan(t *testing.T, plan string) option {
	path := filepath.Join(t.TempDir(), "terraform")
	script := fmt.Sprintf("#!/bin/sh\ncase $1 in\nplan) %s;;\n*) exec %s \"$@\";;\nesac\n", plan, testtier.Tool(t, "terraform"))
	programtest.Write(t, path, script)
	return withBinary(path)
}

// TestKilledByOthers: a Terraform that something else killed, or that crashed, may have left
// its lock.
func TestKilledByOthers(t *testing.T) {
	for name, c := range map[string]struct {
		plan   string
		killed bool
	}{
		"killed":                       {"kill -KILL $$", true},
		"killed behind a shell":        {"sh -c 'kill -KILL $$'; exit $?", true},
		"it has caught a panic":        {"exit 11", true},
		"no memory":                    {`printf 'fatal error: runtime: out of memory\n\ngoroutine 1 [running]:\n' >&2; exit 2`, true},
		"it failed":                    {"echo 'Error: no' >&2; exit 1", false},
		"a provider of it has crashed": {`printf 'Error: Plugin did not respond\n\npanic: x\n\ngoroutine 1 [running]:\n' >&2; exit 1`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newFixture(t, resourceConfig, withScriptedPlan(t, c.plan)).mustFail()
			if errors.Is(err, terraform.ErrKilled) != c.killed || errors.Is(err, terraform.ErrStopped) {
				t.Errorf("error: %v", err)
			}
			hint := "next: check whether memory ran out"
			if strings.Contains(c.plan, "out of memory") {
				hint = "next: give Terraform more memory"
			}
			if c.killed && !strings.Contains(err.Error(), hint) {
				t.Errorf("the hint is missing: %v", err)
			}
		})
	}
}

// TestHugeError: an error is short enough to read, and contains its first words.
func TestHugeError(t *testing.T) {
	for name, plan := range map[string]string{
		"of lines":     `echo 'Error: first'; yes 'on and on' | head -n 131000; echo; echo 'the last'`,
		"of one line":  `echo 'Error: first'; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo 'the last'`,
		"without ends": `echo 'Error: first'; echo; echo 'the last'; head -c 3000000 /dev/zero | tr '\\0' x`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := newFixture(t, resourceConfig, withScriptedPlan(t, "("+plan+") >&2; exit 1")).mustFail()
			text := err.Error()
			if len(text) > 40<<10 || !strings.Contains(text, "Error: first") || !strings.Contains(text, "the last") || !strings.Contains(text, " bytes omitted]") {
				t.Errorf("%d bytes: %.300s", len(text), text)
			}
		})
	}
}
