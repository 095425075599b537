package policy

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// readAWSSecrets returns the secrets that AWS shows, as testdata/aws-secrets.txt lists them.
func readAWSSecrets(t *testing.T) (secrets []awsSecret) {
	t.Helper()
	text, err := os.ReadFile("testdata/aws-secrets.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var s awsSecret
		if _, err := fmt.Sscan(line, &s.block, &s.kind, &s.attribute, &s.verdict); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		secrets = append(secrets, s)
	}
	return secrets
}

type awsSecret struct{ block, kind, attribute, verdict string }

// TestSecretsOfAWSAreRefused: a pull request can read no secret that AWS shows, by a data
// source, an ephemeral, or the import of a resource.
func TestSecretsOfAWSAreRefused(t *testing.T) {
	t.Parallel()
	for _, s := range readAWSSecrets(t) {
		config := fmt.Sprintf("%s %q \"x\" {}\n", s.block, s.kind)
		if s.block == "resource" {
			config += fmt.Sprintf("import {\n  to = %s.x\n  id = \"x\"\n}\n", s.kind)
		}
		got := violationsOf(t, "app", map[string]string{"o.tf": config}, defaultPolicy())
		if isRefused := len(got) > 0; isRefused != (s.verdict == "refused") {
			t.Errorf("%s %s, for %s: %q", s.block, s.kind, s.attribute, got)
		}
		if allowed := violationsOf(t, "app", map[string]string{"o.tf": config}, defaultPolicy(s.kind)); len(allowed) > 0 {
			t.Errorf("%s %s is refused although it is listed under allow: %q", s.block, s.kind, allowed)
		}
	}
}
