package terraform

import (
	"errors"
	"strings"
)

// hints maps errors outside the configuration to advice; the first match wins. Nothing
// is decided by a hint.
var hints = []struct{ pattern, hint string }{
	{"out of memory", "give Terraform more memory: a larger machine, or --memory of reconcile preview"},
	{"no space left on device", "free disk space in the --work directory (reconcile doctor shows its path)"},
	{"Provider dependency changes detected", "regenerate the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"recorded in the dependency lock file", "add the checksums of this platform to the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"Inconsistent dependency lock file", "regenerate the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"AccessDenied", "grant the action named above to the role or user that Terraform runs as"},
	{"is not authorized to perform", "grant the action named above to the role or user that Terraform runs as"},
	{"ExpiredToken", "renew reconcile's AWS credentials"},
	{"InvalidClientTokenId", "check reconcile's AWS credentials"},
	{"No valid credential sources found", "give reconcile AWS credentials, or set plan_role and apply_role in reconcile.hcl"},
	{"Failed to query available provider packages", "check the provider's name and version, and the connection to the registry or mirror"},
	{"plugin schemas", "check that the provider supports this platform; its package in PROVIDERS is intact"},
	{"Failed to install provider", "check the connection to the registry or mirror"},
	{"No value for required variable", `give the variable a value: a default, a *.tfvars file, or env = ["TF_VAR_…"] in reconcile.hcl`},
	{"Saved plan is stale", "the state changed after the plan was made: run the pass again"},
}

func (s *Session) hint(message string, err error) string {
	if errors.Is(err, ErrStopped) {
		return "the next pass plans this workspace again"
	}
	if errors.Is(err, ErrKilled) && !strings.Contains(message, hints[0].pattern) {
		return "check whether memory ran out (give Terraform more, or lower --parallelism); the next pass plans this workspace again and releases a state lock that was left"
	}
	if err != nil {
		message += " " + err.Error()
	}
	message = unwrapLines(message)
	for _, hint := range hints {
		if strings.Contains(message, hint.pattern) {
			return strings.NewReplacer("PRODUCT", s.tf.product, "PLATFORM", platform, "PROVIDERS", string(s.tf.providers())).Replace(hint.hint)
		}
	}
	return ""
}

// unwrapLines removes Terraform's line breaks.
func unwrapLines(text string) string { return strings.Join(strings.Fields(text), " ") }
