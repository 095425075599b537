package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The function must start at once: what it is made of is this package, what
// reads webhooks, the clients of three services, and what hides secrets and
// credentials. A linter rule says the same of what is imported directly.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		isOurs := strings.HasPrefix(path, "reconcile/")
		isShared := slices.Contains([]string{"reconcile/internal/awsredact", "reconcile/internal/excerpt", "reconcile/internal/failure", "reconcile/internal/lazyregexp", "reconcile/internal/retryafter", "reconcile/internal/redact", "reconcile/internal/secret", "reconcile/internal/sleep"}, path)
		isExternal := strings.Contains(strings.Split(path, "/")[0], ".")
		switch {
		case isOurs && !isShared && path != "reconcile/cmd/webhook" && !strings.HasPrefix(path, "reconcile/reconciler/backlog"),
			isExternal && !strings.HasPrefix(path, "github.com/aws/"):
			t.Errorf("it imports %s", path)
		}
	}
}
