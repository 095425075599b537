package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The function must start at once: what it is made of is this package, what
// reads webhooks, the clients of three services, what hides secrets and
// credentials, and what tries again. A linter rule says the same of what is imported directly.
func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", "-tags", "lambda.norpc", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for path := range strings.FieldsSeq(string(out)) {
		isOurs := strings.HasPrefix(path, "reconcile/")
		isExternal := strings.Contains(strings.Split(path, "/")[0], ".")
		retries := path == "reconcile/internal/retry" || path == "reconcile/internal/failure" || path == "github.com/cenkalti/backoff/v5"
		switch {
		case retries:
		case isOurs && path != "reconcile/cmd/webhook" && path != "reconcile/internal/awsredact" && path != "reconcile/internal/secret" && !strings.HasPrefix(path, "reconcile/reconciler/backlog"),
			isExternal && !strings.HasPrefix(path, "github.com/aws/"):
			t.Errorf("it imports %s", path)
		}
	}
}
