package terraform

import tfjson "github.com/hashicorp/terraform-json"

// readForCheck is why Terraform plans to read a data source that stands in a
// check block: it does so each time, and nothing else can use what it reads.
const readForCheck tfjson.ActionReason = "read_because_check_nested"

// onlyChecks reports whether all that a plan would do is to read what check
// blocks ask for.
func onlyChecks(plan *tfjson.Plan) bool {
	if len(plan.DeferredChanges) > 0 || len(plan.ActionInvocations) > 0 {
		return false
	}
	for _, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			return false
		}
	}
	reads := false
	for _, rc := range plan.ResourceChanges {
		if rc == nil || rc.Change == nil {
			continue
		}
		_, changes := effectOf(rc, "")
		if changes || rc.Change.Actions.Read() && rc.ActionReason != readForCheck {
			return false
		}
		reads = reads || rc.Change.Actions.Read()
	}
	return reads
}

// failedChecks says which checks of a plan fail, and why.
func failedChecks(plan *tfjson.Plan) []string {
	var failures []string
	for _, check := range plan.Checks {
		for _, instance := range check.Instances {
			if instance.Status != tfjson.CheckStatusFail && instance.Status != tfjson.CheckStatusError {
				continue
			}
			failure := instance.Address.ToDisplay + " fails"
			for _, problem := range instance.Problems {
				failure += ": " + problem.Message
			}
			failures = append(failures, failure)
		}
	}
	return failures
}
