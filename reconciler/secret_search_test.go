package reconciler_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// secretSearch is a place in which the program runs; all its output is searched.
type secretSearch struct {
	t       *testing.T
	secrets map[string]string // by the names under which they are reported
	binary  string
	home    string
	env     []string
}

func newSecretSearch(t *testing.T, secrets map[string]string) *secretSearch {
	t.Helper()
	s := &secretSearch{t: t, secrets: secrets, home: t.TempDir(), binary: filepath.Join(t.TempDir(), "reconcile")}
	if out, err := exec.Command("go", "build", "-o", s.binary, "reconcile/cmd/reconcile").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	s.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "TMPDIR=" + s.mkdir("tmp"),
		"RECONCILE_STATE=" + filepath.Join(s.home, "state"), "RECONCILE_WORK=" + filepath.Join(s.home, "work"),
		"RECONCILE_GATE=always", // resources run programs
	}
	return s
}

func (s *secretSearch) mkdir(name string) string {
	dir := filepath.Join(s.home, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		s.t.Fatal(err)
	}
	return dir
}

// run runs a command, whose output must contain says.
func (s *secretSearch) run(args string, says ...string) string {
	s.t.Helper()
	cmd := exec.Command(s.binary, strings.Fields(args)...)
	cmd.Env, cmd.Dir = s.env, s.home
	var out, logs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &logs
	err := cmd.Run()
	what, _, _ := strings.Cut(args, "https://")
	s.search("the output of "+what, out.Bytes())
	s.search("the log of "+what, logs.Bytes())
	for _, want := range says {
		if !strings.Contains(out.String()+logs.String(), want) {
			s.t.Errorf("%s (%v) does not say %q:\n%s%s", what, err, want, out.String(), logs.String())
		}
	}
	return out.String()
}

func (s *secretSearch) lastRun() string {
	s.t.Helper()
	var history struct{ Runs []struct{ Run string } }
	text := s.run("runs -o json")
	if err := json.Unmarshal([]byte(text), &history); err != nil || len(history.Runs) == 0 {
		s.t.Fatalf("runs (%v): %s", err, text)
	}
	return history.Runs[0].Run
}

var zstdReader, _ = zstd.NewReader(nil)

// searchFiles searches the remaining files, except Terraform's own states.
func (s *secretSearch) searchFiles() {
	s.t.Helper()
	found := 0
	err := filepath.WalkDir(s.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if strings.HasSuffix(path, ".tfstate") || strings.HasSuffix(path, ".tfstate.backup") {
			return nil
		}
		found++
		content, err := os.ReadFile(path)
		if strings.HasSuffix(path, ".zst") {
			content, err = zstdReader.DecodeAll(content, nil)
		}
		s.search(strings.TrimPrefix(path, s.home), content)
		s.search("the name of "+strings.TrimPrefix(path, s.home), []byte(path))
		return err
	})
	if err != nil || found < 10 {
		s.t.Errorf("%d files were searched: %v", found, err)
	}
}

// search searches for each secret, in each form that it could have, also broken over lines.
func (s *secretSearch) search(where string, text []byte) {
	s.t.Helper()
	text = bytes.Join(bytes.Fields(bytes.ReplaceAll(text, []byte("│"), nil)), []byte(" "))
	for name, secret := range s.secrets {
		quoted, err := json.Marshal(secret)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, form := range []string{
			secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String()[1:],
			base64.StdEncoding.EncodeToString([]byte(secret)), base64.StdEncoding.EncodeToString([]byte("ann:" + secret)),
			hex.EncodeToString([]byte(secret)),
		} {
			if i := bytes.Index(text, []byte(form)); i >= 0 {
				s.t.Errorf("the %s is in %s: …%s…", name, where, text[max(0, i-200):min(len(text), i+len(form)+40)])
				break
			}
		}
	}
}
