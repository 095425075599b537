package planjson

import (
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// checkReadReason is Terraform's reason to read a data source inside a check block. It
// reads such a data source in every plan, and nothing else can use the result.
const checkReadReason tfjson.ActionReason = "read_because_check_nested"

// HasOnlyCheckReads reports whether a plan does nothing but read data sources of check
// blocks.
func HasOnlyCheckReads(plan *tfjson.Plan) bool {
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
		if changesSomething(rc) || rc.Change.Actions.Read() && rc.ActionReason != checkReadReason {
			return false
		}
		hasRead = hasRead || rc.Change.Actions.Read()
	}
	return hasRead
}

// FailedChecks describes the checks of a plan that fail.
func FailedChecks(plan *tfjson.Plan) []string {
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

// CheckResult is the result of a check as a state stores it, from the apply that wrote the
// state.
type CheckResult struct {
	Objects []struct {
		Address  string             `json:"object_addr"`
		Status   tfjson.CheckStatus `json:"status"`
		Messages []string           `json:"failure_messages"`
	} `json:"objects"`
}

// FailedResults describes the checks of a state that failed.
func FailedResults(results []CheckResult) []string {
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

func describeFailure(address string, messages []string) string {
	return strings.Join(append([]string{address + " fails"}, messages...), ": ")
}
