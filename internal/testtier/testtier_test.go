package testtier_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// recorder notes that a test was left out, instead of ending it.
type recorder struct {
	testing.TB
	skipped bool
}

func (r *recorder) Skipf(string, ...any) { r.skipped = true }

func TestNeeds(t *testing.T) {
	for _, c := range []struct {
		tier string
		need testtier.Need
		runs bool
	}{
		{"short", testtier.Terraform, false},
		{"short", testtier.Emulator, false},
		{"test", testtier.Terraform, true},
		{"test", testtier.Sandbox, true},
		{"test", testtier.OpenTofu, false},
		{"", testtier.AWSProvider, false},
		{"check", testtier.AWSProvider, true},
		{"check", testtier.Scanner, true},
	} {
		list := filepath.Join(t.TempDir(), "left-out")
		t.Setenv("TEST_TIER", c.tier)
		t.Setenv("TEST_LEFT_OUT", list)
		r := &recorder{TB: t}
		testtier.Needs(r, c.need)
		recorded, _ := os.ReadFile(list)
		if r.skipped == c.runs || strings.Contains(string(recorded), " TestNeeds\n") == c.runs {
			t.Errorf("%q needs %s: left out is %t, recorded %q", c.tier, c.need, r.skipped, recorded)
		}
	}
}

func TestWhole(t *testing.T) {
	for tier, want := range map[string]bool{"short": false, "test": false, "": false, "check": true} {
		list := filepath.Join(t.TempDir(), "left-out")
		t.Setenv("TEST_TIER", tier)
		t.Setenv("TEST_LEFT_OUT", list)
		whole := testtier.IsWhole(t)
		recorded, _ := os.ReadFile(list)
		if whole != want || strings.Contains(string(recorded), " TestWhole\n") == want {
			t.Errorf("%q: runs whole: %t, recorded %q", tier, whole, recorded)
		}
	}
}

func TestChecks(t *testing.T) {
	whole := flag.CommandLine
	t.Cleanup(func() { flag.CommandLine = whole })
	for _, c := range []struct{ tier, given, want string }{
		{"check", "", "100"}, {"test", "", "40"}, {"", "", "40"}, {"short", "", "13"}, {"test", "7", "7"},
	} {
		flag.CommandLine = flag.NewFlagSet("test", flag.ContinueOnError)
		checks := flag.String("rapid.checks", "none", "")
		if c.given != "" {
			if err := flag.Set("rapid.checks", c.given); err != nil {
				t.Fatal(err)
			}
		}
		t.Setenv("TEST_TIER", c.tier)
		t.Setenv("TEST_LEFT_OUT", filepath.Join(t.TempDir(), "left-out"))
		if testtier.Checks(t, 40, 100); *checks != c.want {
			t.Errorf("%q, given %q: %s checks, want %s", c.tier, c.given, *checks, c.want)
		}
	}
}
