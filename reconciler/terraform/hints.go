package terraform

import (
	"errors"
	"strings"
)

// hints are what to do next about errors that are not in the configuration.
// They only advise: nothing is decided by them.
var hints = []struct{ said, next string }{
	{"no space left on device", "free space on the disk that holds --work (reconcile doctor shows where it is)"},
	{"AccessDenied", "let the role or user that Terraform runs as do what is named above"},
	{"is not authorized to perform", "let the role or user that Terraform runs as do what is named above"},
	{"ExpiredToken", "renew the AWS credentials that reconcile runs with"},
	{"InvalidClientTokenId", "check the AWS credentials that reconcile runs with"},
	{"No valid credential sources found", "give reconcile AWS credentials, or set plan_role and apply_role in reconcile.hcl"},
	{"Failed to query available provider packages", "check the provider's name and version, and that the registry or mirror can be reached"},
	{"Failed to install provider", "check that the registry or mirror can be reached"},
	{"does not match any of the checksums recorded in the dependency lock file", "record the checksums of this platform: terraform providers lock -platform=PLATFORM"},
	{"No value for required variable", "give the variable a value: a default, a *.tfvars file, or env = [\"TF_VAR_…\"] in reconcile.hcl"},
	{"Saved plan is stale", "run the pass again: the state has changed since the plan was made"},
}

func (s *Session) next(said string, err error) string {
	if errors.Is(err, ErrStopped) {
		return "the next pass plans this workspace again"
	}
	for _, hint := range hints {
		if strings.Contains(said, hint.said) || err != nil && strings.Contains(err.Error(), hint.said) {
			return hint.next
		}
	}
	return ""
}
