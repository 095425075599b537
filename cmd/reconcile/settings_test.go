package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reconcile/cmd/reconcile/internal/ui"
	"reconcile/internal/secret"
)

// Every flag has a variable that is known, and no two commands mean different
// things by one.
func TestEveryFlagHasAVariable(t *testing.T) {
	root := newRootCommand(newApp())
	known := knownVariables(root)
	persistent := map[string]bool{}
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) { persistent[f.Name] = true })
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && !known[envName(f.Name)] {
				t.Errorf("%s --%s: %s is not known", c.CommandPath(), f.Name, envName(f.Name))
			}
			if c != root && persistent[f.Name] {
				t.Errorf("%s --%s hides the setting of that name", c.CommandPath(), f.Name)
			}
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

// Every command has a short help, and its help lines fit 80 columns.
func TestHelp(t *testing.T) {
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Short == "" || strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: short help %q", c.CommandPath(), c.Short)
		}
		for _, line := range strings.Split(c.Long, "\n") {
			if len(line) > ui.DefaultWidth {
				t.Errorf("%s: too long a line: %s", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCommand(newApp()))
}

func TestNearest(t *testing.T) {
	known := knownVariables(newRootCommand(newApp()))
	for name, want := range map[string]string{
		"RECONCILE_STAT":         "RECONCILE_STATE",
		"RECONCILE_GIT_PASSWD":   "RECONCILE_GIT_PASSWORD",
		"RECONCILE_REPOSITORY":   "RECONCILE_REPO",
		"RECONCILE_PARALELLISM":  "RECONCILE_PARALLELISM",
		"RECONCILE_GIT_USERNAM":  "RECONCILE_GIT_USERNAME",
		"RECONCILE_ENVIRONNMENT": "RECONCILE_ENVIRONMENT",
	} {
		if got := findNearest(name, known); got != want {
			t.Errorf("nearest to %s is %s, want %s", name, got, want)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		repo      string
		ssh, http bool
		shown     string
	}{
		{"https://ann:secret@example.com/git/P/r.git", false, true, "https://example.com/git/P/r.git"},
		{"https://ann:se@cret@example.com/r.git", false, true, "https://example.com/r.git"},
		{"ssh://git@example.com/P/r.git", true, false, "ssh://example.com/P/r.git"},
		{"git@example.com:/P/r.git", true, false, "git@example.com:/P/r.git"},
		{"/home/ann/a:b", false, false, "/home/ann/a:b"},
		{"./x", false, false, "./x"},
		{"file:///srv/r.git", false, false, "file:///srv/r.git"},
	} {
		if isSSH(test.repo) != test.ssh || isHTTP(test.repo) != test.http || stripUserinfo(test.repo) != test.shown {
			t.Errorf("%s: ssh %v, http %v, shown as %s", test.repo, isSSH(test.repo), isHTTP(test.repo), stripUserinfo(test.repo))
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	s := settings{GitPassword: secret.Text(password)}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "settings", s, "password", s.GitPassword)
	var out strings.Builder
	if err := ui.PrintJSON(&out, s); err != nil {
		t.Fatal(err)
	}
	shown := log.String() + out.String() + fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s.GitPassword, s.GitPassword)
	if strings.Contains(shown, password) {
		t.Errorf("the password is in: %s", shown)
	}
}

func panicAWS() (aws.Config, error) { panic("AWS was asked for") }

// A key file is made once, for us alone, and read by all from then on.
func TestDigestKey(t *testing.T) {
	s := settings{DigestKey: filepath.Join(t.TempDir(), "state", "digest.key")}
	type result struct{ id, key string }
	results := make(chan result)
	const n = 8
	for range n {
		go func() {
			id, key, err := s.digestKey(t.Context(), panicAWS)
			if err != nil {
				t.Error(err)
			}
			results <- result{id, string(key)}
		}()
	}
	first := <-results
	for range n - 1 {
		if r := <-results; r != first {
			t.Errorf("two keys: %v and %v", first, r)
		}
	}
	info, err := os.Stat(s.DigestKey)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if entries, err := os.ReadDir(filepath.Dir(s.DigestKey)); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
	if strings.Contains(first.key, first.id) || first.id == "" || len(first.key) < 40 {
		t.Errorf("id %q, key of %d bytes", first.id, len(first.key))
	}
}
