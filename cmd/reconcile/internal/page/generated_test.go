package page

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// The Go code of the templates is what the pinned generator makes of them.
func TestGeneratedCodeIsCurrent(t *testing.T) {
	t.Parallel()
	templ := testtier.Tool(t, "templ")
	dir := t.TempDir()
	templates, err := filepath.Glob("*.templ")
	if err != nil || len(templates) == 0 {
		t.Fatalf("%q, %v", templates, err)
	}
	for _, name := range templates {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.CommandContext(t.Context(), templ, "generate", "-path", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range templates {
		code := strings.TrimSuffix(name, ".templ") + "_templ.go"
		want, err := os.ReadFile(filepath.Join(dir, code))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(code); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what templ makes of %s: run `templ generate` in this directory (%v)", code, name, err)
		}
	}
}
