// Package tftest runs Terraform on HashiCorp's own AWS provider in tests. It also reads
// configuration, and the tables in READMEs that are generated from it.
package tftest

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/testtier"
)

// Terraform runs in a copy of the configuration, so that the tree stays clean.
type Terraform struct {
	binary, dir string
	env         []string
	semaphore   chan struct{}
}

// New copies the folders (source path by name in the copy), and finds Terraform and the
// provider that `make tools` installed.
func New(t testing.TB, folders map[string]string) *Terraform {
	t.Helper()
	config := testtier.CacheFile(t, "aws-provider", "aws-provider", "dev.tfrc")
	binary := FindTool(t, "terraform")
	dir := t.TempDir()
	for name, from := range folders {
		Copy(t, from, filepath.Join(dir, name))
	}
	return &Terraform{
		binary: binary,
		dir:    dir,
		env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
			"AWS_EC2_METADATA_DISABLED=true", "TF_CLI_ARGS=-no-color", "TF_DATA_DIR=",
			"GOGC=400"), // a fifth less work: the schema is read again for each run of a test
		semaphore: make(chan struct{}, 2),
	}
}

// FindTool finds a program that `make tools` installs.
func FindTool(t testing.TB, name string) string {
	t.Helper()
	return testtier.Tool(t, name)
}

// FindMirror returns the Terraform CLI configuration with which `init` installs the
// provider, and the mirror that it names.
func FindMirror(t testing.TB) (config, mirror string) {
	t.Helper()
	return testtier.CacheFile(t, "aws-provider", "aws-provider", "mirror.tfrc"), testtier.CacheFile(t, "aws-provider", "aws-provider", "mirror")
}

// Copy copies a folder of configuration, without the files that Terraform leaves there.
// A symbolic link stays one.
func Copy(t testing.TB, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case e.Name() == ".terraform":
			return filepath.SkipDir
		case e.IsDir():
			return os.MkdirAll(target, 0o700)
		case e.Type() == fs.ModeSymlink:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Write writes a file into the copy.
func (tf *Terraform) Write(t testing.TB, path, content string) {
	t.Helper()
	path = filepath.Join(tf.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Run runs Terraform in a folder of the copy, at most two at a time, and returns its
// output.
func (tf *Terraform) Run(t testing.TB, dir string, args ...string) []byte {
	t.Helper()
	out, err := tf.Try(t, dir, args...)
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// Try does what Run does, but Terraform may fail: the error is an *exec.ExitError, and the
// output then includes Terraform's errors.
func (tf *Terraform) Try(t testing.TB, dir string, args ...string) ([]byte, error) {
	t.Helper()
	tf.semaphore <- struct{}{}
	defer func() { <-tf.semaphore }()
	cmd := exec.CommandContext(t.Context(), tf.binary, args...)
	cmd.Dir, cmd.Env = filepath.Join(tf.dir, dir), tf.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return append(out, stderr.Bytes()...), err
	}
	return out, nil
}
