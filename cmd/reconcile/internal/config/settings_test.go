package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"reconcile/internal/secret"
)

// passwordOfGit must not be shown.
const passwordOfGit = "s3cret-pässword"

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		repo      string
		ssh, http bool
		shown     string
	}{
		{"https://ann:secret@example.com/git/P/r.git", false, true, "https://example.com/git/P/r.git"},
		{"https://ann:se@cret@example.com/r.git", false, true, "https://example.com/r.git"},
		{"http://u:8/s3cret@example.com/r.git", false, true, "http://example.com/r.git"},
		{"ann:8/s3cret@example.com/r.git", true, false, "example.com/r.git"},
		{"ssh://git@example.com/P/r.git", true, false, "ssh://example.com/P/r.git"},
		{"git@example.com:/P/r.git", true, false, "git@example.com:/P/r.git"},
		{"/home/ann/a:b", false, false, "/home/ann/a:b"},
		{"./x", false, false, "./x"},
		{"file:///srv/r.git", false, false, "file:///srv/r.git"},
	} {
		if isSSH(test.repo) != test.ssh || IsHTTP(test.repo) != test.http || StripUserinfo(test.repo) != test.shown {
			t.Errorf("%s: ssh %v, http %v, shown as %s", test.repo, isSSH(test.repo), IsHTTP(test.repo), StripUserinfo(test.repo))
		}
	}
}

func TestSecretsAreNotShown(t *testing.T) {
	s := Settings{GitPassword: secret.Text(passwordOfGit)}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "settings", s, "password", s.GitPassword)
	var out strings.Builder
	if err := json.NewEncoder(&out).Encode(s); err != nil {
		t.Fatal(err)
	}
	shown := log.String() + out.String() + fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s.GitPassword, s.GitPassword)
	if strings.Contains(shown, passwordOfGit) {
		t.Errorf("the password is in: %s", shown)
	}
}
