package planjson

import tfjson "github.com/hashicorp/terraform-json"

// builtinProvider is the provider in Terraform itself. Its schema marks nothing as sensitive.
const builtinProvider = "terraform.io/builtin/terraform"

// MakesSecrets reports whether an apply of the plan may make sensitive values that the plan
// does not know, or read them from another state. A plan marks the unknown values that the
// configuration marks, but not what the schema of a provider marks inside a value that is
// unknown as a whole.
func MakesSecrets(plan *tfjson.Plan) bool {
	if len(plan.DeferredChanges) > 0 || len(plan.ActionInvocations) > 0 {
		return true
	}
	for _, rc := range plan.ResourceChanges {
		if rc.Change == nil || !hasMark(rc.Change.AfterUnknown) {
			continue
		}
		if rc.ProviderName != builtinProvider || isRemoteState(rc.Mode, rc.Type) || overlap(rc.Change.AfterUnknown, rc.Change.AfterSensitive) {
			return true
		}
	}
	for _, change := range plan.OutputChanges {
		if overlap(change.AfterUnknown, change.AfterSensitive) {
			return true
		}
	}
	return false
}

// hasMark reports whether marks has a place that is true.
func hasMark(marks any) bool { return overlap(marks, true) }

// overlap reports whether a place is marked in both. A mark is of all that is inside.
func overlap(a, b any) bool {
	if isMarked, ok := b.(bool); ok {
		a, b = isMarked, a
	}
	switch a := a.(type) {
	case bool:
		if other, ok := b.(bool); ok || !a {
			return a && other
		}
		switch b := b.(type) {
		case []any:
			return anyOverlaps(len(b), func(i int) bool { return overlap(true, b[i]) })
		case map[string]any:
			for _, member := range b {
				if overlap(true, member) {
					return true
				}
			}
		}
	case []any:
		b, _ := b.([]any)
		return anyOverlaps(min(len(a), len(b)), func(i int) bool { return overlap(a[i], b[i]) })
	case map[string]any:
		b, _ := b.(map[string]any)
		for name, member := range a {
			if overlap(member, b[name]) {
				return true
			}
		}
	}
	return false
}

func anyOverlaps(n int, overlaps func(i int) bool) bool {
	for i := range n {
		if overlaps(i) {
			return true
		}
	}
	return false
}
