package risk

import (
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// expiresFunc implements expires(rules): a lifecycle rule in force deletes something.
var expiresFunc = predicate(1, func(args []cty.Value) bool { return len(expiriesOf(args[0])) > 0 })

// soonerFunc implements sooner(before, after): a lifecycle rule deletes what none deleted before, or
// deletes it sooner. Rules are told apart by their id.
var soonerFunc = predicate(2, func(args []cty.Value) bool { return isSooner(expiriesOf(args[0]), expiriesOf(args[1])) })

// archivesFunc implements archives(before, after): a lifecycle rule moves objects where nobody can
// read them before they are restored, which none moved before, or moves them sooner.
var archivesFunc = predicate(2, func(args []cty.Value) bool { return isSooner(archivalsOf(args[0]), archivalsOf(args[1])) })

// isSooner reports whether something happens that did not before, or sooner.
func isSooner(before, after map[string][]cty.Value) bool {
	for name, bounds := range after {
		old, ok := before[name]
		if !ok || !keepsAsLong(old, bounds) {
			return true
		}
	}
	return false
}

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

// expiriesOf returns the bounds of each expiry of the lifecycle rules that are in force.
func expiriesOf(rules cty.Value) map[string][]cty.Value {
	return boundsOf(rules, []string{"expiration", "noncurrent_version_expiration"}, func(expiry cty.Value) bool {
		return slices.ContainsFunc(expiryBounds, func(name string) bool { return isSet(attribute(expiry, name)) })
	})
}

// archivalsOf returns the bounds of each move into an archive, likewise.
func archivalsOf(rules cty.Value) map[string][]cty.Value {
	return boundsOf(rules, []string{"transition", "noncurrent_version_transition"}, func(move cty.Value) bool {
		return slices.Contains([]string{"GLACIER", "DEEP_ARCHIVE"}, textOf(attribute(move, "storage_class")))
	})
}

// boundsOf returns the bounds of the blocks of some kinds that count, in the lifecycle rules that
// are in force, by the rule's id, the kind and the storage class. What a rule is about comes first.
func boundsOf(rules cty.Value, kinds []string, counts func(block cty.Value) bool) map[string][]cty.Value {
	all := map[string][]cty.Value{}
	for _, r := range elementsOf(rules) {
		if status := textOf(attribute(r, "status")); status != "" && status != "Enabled" {
			continue
		}
		for _, kind := range kinds {
			for _, block := range elementsOf(attribute(r, kind)) {
				if !counts(block) {
					continue
				}
				bounds := []cty.Value{cty.StringVal(jsonText(attribute(r, "filter"))), attribute(r, "prefix")}
				for _, name := range expiryBounds {
					bounds = append(bounds, attribute(block, name))
				}
				all[textOf(attribute(r, "id"))+"."+kind+"."+textOf(attribute(block, "storage_class"))] = bounds
			}
		}
	}
	return all
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
