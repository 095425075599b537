package risk

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// expiresFunc implements expires(rules): a lifecycle rule in force deletes something.
var expiresFunc = predicate(1, func(args []cty.Value) bool { return len(expiriesOf(args[0])) > 0 })

// soonerFunc implements sooner(before, after): a lifecycle rule deletes what none deleted before, or
// deletes it sooner. Rules are told apart by their id.
var soonerFunc = predicate(2, func(args []cty.Value) bool {
	before := expiriesOf(args[0])
	for name, after := range expiriesOf(args[1]) {
		old, ok := before[name]
		if !ok || !keepsAsLong(old, after) {
			return true
		}
	}
	return false
})

// expiryBounds are the attributes of a lifecycle rule that say after how many days, or
// versions, something is deleted. A greater one keeps more.
var expiryBounds = []string{"days", "noncurrent_days", "newer_noncurrent_versions", "date"}

// keepsAsLong reports whether an expiry keeps all that it kept before: it is about the same
// objects, and no bound is lower.
func keepsAsLong(before, after []cty.Value) bool {
	for i := range before {
		if before[i].RawEquals(after[i]) {
			continue
		}
		old, _ := numberOf(before[i])
		n, isNumber := numberOf(after[i])
		if !isNumber || n < old {
			return false
		}
	}
	return true
}

// expiriesOf returns the bounds of each expiry of the lifecycle rules that are in force, by
// the rule's id and the kind of expiry. What a rule is about comes first.
func expiriesOf(rules cty.Value) map[string][]cty.Value {
	expiries := map[string][]cty.Value{}
	for _, r := range elementsOf(rules) {
		if status := textOf(attribute(r, "status")); status != "" && status != "Enabled" {
			continue
		}
		for _, kind := range []string{"expiration", "noncurrent_version_expiration"} {
			for _, expiry := range elementsOf(attribute(r, kind)) {
				bounds := []cty.Value{cty.StringVal(jsonText(attribute(r, "filter"))), attribute(r, "prefix")}
				deletes := false
				for _, name := range expiryBounds {
					bound := attribute(expiry, name)
					deletes = deletes || isSet(bound)
					bounds = append(bounds, bound)
				}
				if deletes {
					expiries[textOf(attribute(r, "id"))+"."+kind] = bounds
				}
			}
		}
	}
	return expiries
}

// backupslessFunc implements backupsless(before, after): a rule of a backup plan goes, keeps its
// backups shorter, or has fewer copies. Rules are told apart by their name.
var backupslessFunc = predicate(2, func(args []cty.Value) bool {
	after := map[string]cty.Value{}
	for _, r := range elementsOf(args[1]) {
		after[textOf(attribute(r, "rule_name"))] = r
	}
	for _, old := range elementsOf(args[0]) {
		r, ok := after[textOf(attribute(old, "rule_name"))]
		if !ok || keptDays(r) < keptDays(old) {
			return true
		}
		if isSet(attribute(old, "enable_continuous_backup")) && !isSet(attribute(r, "enable_continuous_backup")) {
			return true
		}
		copies := elementsOf(attribute(r, "copy_action"))
		for _, c := range elementsOf(attribute(old, "copy_action")) {
			vault := attribute(c, "destination_vault_arn")
			i := slices.IndexFunc(copies, func(n cty.Value) bool { return attribute(n, "destination_vault_arn").RawEquals(vault) })
			if i < 0 || keptDays(copies[i]) < keptDays(c) {
				return true
			}
		}
	}
	return false
})

// keptDays returns for how many days a rule of a backup plan, or a copy of it, keeps its
// backups. Without a bound they are never deleted.
func keptDays(r cty.Value) float64 {
	const never = 1 << 30
	for _, lifecycle := range elementsOf(attribute(r, "lifecycle")) {
		if n, ok := numberOf(attribute(lifecycle, "delete_after")); ok && n > 0 {
			return n
		}
	}
	return never
}
