package terraform_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reconcile/internal/programtest"
	"reconcile/reconciler/terraform"
)

// TestProductByName: the file name of a program, or of a symlink to it, shows the product.
func TestProductByName(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"tofu", "terraform-1.11.4", "shim", "odd"} {
		programtest.Write(t, path(name), "#!/bin/sh\n")
	}
	links := map[string]string{"terraform": "tofu", "OpenTofu": "shim", "tf": path("terraform-1.11.4"), "round": "round"}
	for name, target := range links {
		if err := os.Symlink(target, path(name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"tofu": "tofu", "terraform-1.11.4": "terraform", "odd": "", "shim": "",
		"terraform": "tofu", "OpenTofu": "tofu", "tf": "terraform",
	} {
		if got, err := terraform.ProductByName(path(name)); err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"missing", "round"} {
		if got, err := terraform.ProductByName(path(name)); err == nil {
			t.Errorf("%s: %q", name, got)
		}
	}
	t.Setenv("PATH", dir)
	if got, err := terraform.ProductByName(""); err != nil || got != "tofu" {
		t.Errorf("from PATH: %q, %v", got, err) // its terraform is a link to tofu
	}
	t.Setenv("PATH", t.TempDir())
	if got, err := terraform.ProductByName(""); err != nil || got != "terraform" {
		t.Errorf("none on PATH: %q, %v", got, err)
	}
}

// TestMissingCLIConfiguration: OpenTofu then warns on stdout, also before a document.
func TestMissingCLIConfiguration(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		set := func(o *terraform.Options) {
			opt(o)
			withEnv("TF_CLI_CONFIG_FILE=" + filepath.Join(t.TempDir(), "missing.tfrc"))(o)
		}
		s := newFixture(t, "output \"a\" {\n  value = 1\n}\n", set)
		s.apply()
		if want := strings.SplitN(t.Name(), "/", 2)[1]; s.tf.Product() != want {
			t.Errorf("%s is taken for %s", want, s.tf.Product())
		}
	})
}

// TestProgramWithoutAVersion: a program that prints another thing, or too much, or fails is told
// with a bounded text.
func TestProgramWithoutAVersion(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"echo garbage":                         "it is neither terraform nor tofu: unable to parse version",
		"echo '{}'":                            "it is neither terraform nor tofu: unable to parse version",
		"kill -9 $$":                           "did not report a version: signal: killed",
		"yes":                                  "it printed more than 65536 bytes",
		"yes mistake >&2":                      "it printed more than 65536 bytes",
		"echo 'no such library' >&2; exit 127": "exit status 127\nno such library",
	} {
		path := filepath.Join(t.TempDir(), "terraform")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		opts := terraform.Options{WorkDir: t.TempDir(), Binary: path}
		withEnv()(&opts)
		_, err := terraform.New(t.Context(), opts)
		if err == nil || !strings.Contains(err.Error(), "did not report a version") || !strings.Contains(err.Error(), want) || len(err.Error()) > 8<<10 {
			t.Errorf("%s: %.9000v", script, err)
		}
	}
}

// TestWrapperThatHangs: a wrapper may start a child that does not end, such as a download. It ends
// with the run.
func TestWrapperThatHangs(t *testing.T) {
	t.Parallel()
	p := newPIDPipe(t)
	path := filepath.Join(t.TempDir(), "terraform")
	script := fmt.Sprintf("#!/bin/sh\nsh -c 'echo $$ > %s; while :; do sleep 1000; done'\n", p.path)
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	opts := terraform.Options{WorkDir: t.TempDir(), Binary: path}
	withEnv()(&opts)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("SIGTERM")
	result := make(chan error, 1)
	go func() {
		_, err := terraform.New(ctx, opts)
		result <- err
	}()
	pid := p.readPID()
	cancel(stopped)
	if err := <-result; !errors.Is(err, stopped) {
		t.Errorf("got %v", err)
	}
	if isAlive(pid) {
		t.Error("the wrapper's child outlived it")
	}
}

// TestVersionTimeout: a program that hangs when it is asked for its version is killed, and the
// error says what to try.
func TestVersionTimeout(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "terraform")
	programtest.Write(t, path, "#!/bin/sh\nwhile :; do sleep 1000; done\n")
	opts := terraform.Options{WorkDir: t.TempDir(), Binary: path, VersionTimeout: 100 * time.Millisecond}
	withEnv()(&opts)
	_, err := terraform.New(t.Context(), opts)
	if err == nil || !strings.Contains(err.Error(), "version` did not end within 100ms; run it by hand") {
		t.Errorf("got %v", err)
	}
}
