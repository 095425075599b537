package terraform

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/redact"
	"reconcile/reconciler/terraform/internal/providers"
)

// TestAllowedProviders: a provider that is not allowed prevents the plan, even if only the
// state requires it.
func TestAllowedProviders(t *testing.T) {
	dir := t.TempDir()
	s := &Session{tf: &Terraform{product: "terraform"}, spec: Spec{Name: "tokyo", Dir: dir, AllowedProviders: []string{"hashicorp/aws", "example.com/own/x"}}, log: redact.New(io.Discard, nil, nil)}
	check := func() error { return s.checkProviders() }
	if err := check(); err != nil {
		t.Errorf("without a lock file: %v", err)
	}
	writeLockFile := func(names ...string) {
		t.Helper()
		var text strings.Builder
		text.WriteString("# This file is maintained automatically by \"terraform init\".\n")
		for _, name := range names {
			text.WriteString("\nprovider \"" + name + "\" {\n  version     = \"1.2.3\"\n  constraints = \"1.2.3\"\n  hashes = [\n    \"h1:x\",\n  ]\n}\n")
		}
		if err := os.WriteFile(filepath.Join(dir, providers.LockFile), []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeLockFile("registry.terraform.io/hashicorp/aws", "example.com/own/x")
	if err := check(); err != nil {
		t.Error(err)
	}
	for _, wrong := range []string{"registry.terraform.io/hashicorp/external", "example.com/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"} {
		writeLockFile("registry.terraform.io/hashicorp/aws", wrong)
		if err := check(); err == nil || !strings.Contains(err.Error(), "not allowed to run") || !strings.Contains(err.Error(), "tokyo") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
	s.tf.product = "tofu"
	writeLockFile("registry.opentofu.org/hashicorp/aws")
	if err := check(); err != nil {
		t.Errorf("OpenTofu's own registry: %v", err)
	}
	for name, text := range map[string]string{ // Terraform accepts each as a lock file
		"a space before it": " provider \"evil.test/evil/evil\" {\n  version = \"1.0.0\"\n}\n",
		"one line":          "provider \"evil.test/evil/evil\" { version = \"1.0.0\" }\n",
		"no quotes":         "provider evil.test/evil/evil {\n}\n",
		"a comment before":  "/**/provider \"evil.test/evil/evil\" {\n  hashes = []\n}\n",
		"cut off":           "provider \"registry.opentofu.org/hashicorp/aws\" {\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, providers.LockFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := check(); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
	writeLockFile("registry.opentofu.org/hashicorp/aws")
	if err := os.MkdirAll(filepath.Join(dir, ".terraform", "providers", "evil.test", "evil", "evil", "1.0.0"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := check(); err == nil || !strings.Contains(err.Error(), "evil.test/evil/evil") {
		t.Errorf("installed, and not in the lock file: %v", err)
	}
	s.spec.AllowedProviders = nil
	writeLockFile("registry.terraform.io/evil/x")
	if err := check(); err != nil {
		t.Errorf("where all may run: %v", err)
	}
}
