package terraform

import (
	"errors"
	"strings"
)

// hints maps errors outside the configuration to advice; the first match wins. Nothing
// is decided by a hint.
var hints = []struct{ said, next string }{
	{"out of memory", "give Terraform more memory: a larger machine, or --memory of reconcile preview"},
	{"no space left on device", "free space on the disk that holds --work (reconcile doctor shows where it is)"},
	{"Provider dependency changes detected", "write the lock file anew and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"recorded in the dependency lock file", "add the checksums of this platform to the lock file and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"Inconsistent dependency lock file", "write the lock file anew and commit it: PRODUCT providers lock -platform=PLATFORM"},
	{"AccessDenied", "let the role or user that Terraform runs as do what is named above"},
	{"is not authorized to perform", "let the role or user that Terraform runs as do what is named above"},
	{"ExpiredToken", "renew the AWS credentials that reconcile runs with"},
	{"InvalidClientTokenId", "check the AWS credentials that reconcile runs with"},
	{"No valid credential sources found", "give reconcile AWS credentials, or set plan_role and apply_role in reconcile.hcl"},
	{"Failed to query available provider packages", "check the provider's name and version, and that the registry or mirror can be reached"},
	{"plugin schemas", "look whether the provider fits this machine; its package in PROVIDERS is as it was installed"},
	{"Failed to install provider", "check that the registry or mirror can be reached"},
	{"No value for required variable", `give the variable a value: a default, a *.tfvars file, or env = ["TF_VAR_…"] in reconcile.hcl`},
	{"Saved plan is stale", "run the pass again: the state has changed since the plan was made"},
}

func (s *Session) hint(message string, err error) string {
	if errors.Is(err, ErrStopped) {
		return "the next pass plans this workspace again"
	}
	if errors.Is(err, ErrKilled) && !strings.Contains(message, hints[0].said) {
		return "look whether memory ran out here (give Terraform more, or lower --parallelism); the next pass plans this workspace again, and frees Terraform's lock of the state if it was left"
	}
	if err != nil {
		message += " " + err.Error()
	}
	message = unwrapLines(message)
	for _, hint := range hints {
		if strings.Contains(message, hint.said) {
			return strings.NewReplacer("PRODUCT", s.tf.product, "PLATFORM", platform, "PROVIDERS", string(s.tf.providers())).Replace(hint.next)
		}
	}
	return ""
}

// unwrapLines removes Terraform's line breaks.
func unwrapLines(text string) string { return strings.Join(strings.Fields(text), " ") }
