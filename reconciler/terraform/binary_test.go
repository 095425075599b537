package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/reconciler/terraform"
)

// TestProductByName: the file name of a program, or of a symlink to it, shows the product.
func TestProductByName(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"tofu", "terraform-1.11.4", "shim", "odd"} {
		if err := os.WriteFile(path(name), []byte("#!/bin/sh\n"), 0o700); err != nil {
			t.Fatal(err)
		}
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
