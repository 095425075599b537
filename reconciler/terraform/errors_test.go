package terraform

import (
	"strings"
	"testing"

	"reconcile/reconciler/terraform/internal/providers"
)

func TestPlainDiagnostics(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ printed, want string }{
		"drawn and coloured": {
			"\x1b[31m╷\x1b[0m\x1b[0m\n\x1b[31m│\x1b[0m \x1b[0m\x1b[1m\x1b[31mError: \x1b[0mNo such bucket\n│ \n│   on main.tf line 1:\n╵\n",
			"Error: No such bucket\n\n  on main.tf line 1:",
		},
		"without colour": {
			"\nWarning: Old\n\nold\n\nError: One\n\n  on main.tf line 3\n\nError: Two\n",
			"Error: One\n\n  on main.tf line 3\nError: Two",
		},
		"none": {"fork: no memory\n", "fork: no memory"},
	} {
		if got := strings.Join(parseDiagnostics(c.printed), "\n"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func FuzzDiagnostics(f *testing.F) {
	f.Add("Error: x\n\nLock Info:\n  ID: 1\n  Created: 2024-01-01 00:00:00 +0000 UTC\n")
	f.Fuzz(func(_ *testing.T, printed string) {
		parseLockedError(strings.Join(parseDiagnostics(printed), "\n"))
		extractPlanText(printed)
		_, _ = providers.ParseLockFile([]byte(printed))
		evalExpression(printed)
	})
}
