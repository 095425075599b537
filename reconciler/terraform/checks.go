package terraform

import (
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// checkReadReason is why Terraform plans to read a data source that stands in a
// check block: it does so each time, and nothing else can use what it reads.
const checkReadReason tfjson.ActionReason = "read_because_check_nested"

// hasOnlyCheckReads reports whether all that a plan would do is to read what check
// blocks ask for.
func hasOnlyCheckReads(plan *tfjson.Plan) bool {
	if len(plan.DeferredChanges) > 0 || len(plan.ActionInvocations) > 0 {
		return false
	}
	for _, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			return false
		}
	}
	hasRead := false
	for _, rc := range plan.ResourceChanges {
		if rc == nil || rc.Change == nil {
			continue
		}
		_, changes := resourceChangeOf(rc, "")
		if changes || rc.Change.Actions.Read() && rc.ActionReason != checkReadReason {
			return false
		}
		hasRead = hasRead || rc.Change.Actions.Read()
	}
	return hasRead
}

// failedChecks says which checks of a plan fail, and why.
func failedChecks(plan *tfjson.Plan) []string {
	var failures []string
	for _, check := range plan.Checks {
		for _, instance := range check.Instances {
			if instance.Status != tfjson.CheckStatusFail && instance.Status != tfjson.CheckStatusError {
				continue
			}
			var messages []string
			for _, problem := range instance.Problems {
				messages = append(messages, problem.Message)
			}
			failures = append(failures, describeFailure(instance.Address.ToDisplay, messages))
		}
	}
	return failures
}

// checkResult is what a state says of a check of the apply that wrote it.
type checkResult struct {
	Objects []struct {
		Address  string             `json:"object_addr"`
		Status   tfjson.CheckStatus `json:"status"`
		Messages []string           `json:"failure_messages"`
	} `json:"objects"`
}

// failedResults says which checks of a state fail, and why.
func failedResults(results []checkResult) []string {
	var failures []string
	for _, result := range results {
		for _, object := range result.Objects {
			if object.Status == tfjson.CheckStatusFail || object.Status == tfjson.CheckStatusError {
				failures = append(failures, describeFailure(object.Address, object.Messages))
			}
		}
	}
	return failures
}

// maxFailure is how much is told of one check that fails, in bytes.
const maxFailure = 16 << 10

// tellable redacts what a check says, and bounds it.
func (s *Session) tellable(failure string) string {
	kept := NewExcerpt(maxFailure)
	_, _ = kept.Write([]byte(s.log.redactString(failure))) // it never fails
	return string(kept.Bytes())
}

// describeFailure says that a check fails, and why.
func describeFailure(address string, messages []string) string {
	return strings.Join(append([]string{address + " fails"}, messages...), ": ")
}
