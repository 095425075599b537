package risk

import (
	"math"
	"slices"

	"github.com/zclconf/go-cty/cty"
)

// trafficFunc is traffic(before, after, key, weight): the shares of a list of targets, by
// their keys, move. The order of the list does not count. A target without traffic may come
// and go.
var trafficFunc = predicate(4, func(args []cty.Value) bool {
	key, weight := args[2].AsString(), args[3].AsString()
	before, after := sharesOf(args[0], key, weight), sharesOf(args[1], key, weight)
	for target := range before {
		if before[target] != after[target] {
			return true
		}
	}
	for target := range after {
		if before[target] != after[target] {
			return true
		}
	}
	return false
})

// sharesOf returns the weight of each target, divided by their sum.
func sharesOf(list cty.Value, key, weight string) map[string]float64 {
	shares, sum := map[string]float64{}, 0.0
	for _, target := range elementsOf(list) {
		name := attribute(target, key)
		if name.IsNull() || name.Type() != cty.String {
			continue
		}
		n, ok := numberOf(attribute(target, weight))
		if !ok {
			n = 0 // what is omitted is sent as 0
		}
		shares[name.AsString()] += n
		sum += n
	}
	for name := range shares {
		if sum > 0 {
			shares[name] = math.Round(shares[name]/sum*1e6) / 1e6
		}
	}
	return shares
}

// expiryNames are the attributes of a lifecycle rule that say after how many days, or
// versions, something is deleted.
var expiryNames = []string{"days", "noncurrent_days", "newer_noncurrent_versions", "delete_after", "date", "opt_in_to_archive_for_supported_resources"}

// expiresFunc is expires(rules): a lifecycle rule in force deletes something.
var expiresFunc = predicate(1, func(args []cty.Value) bool { return len(expiriesOf(args[0])) > 0 })

// soonerFunc is sooner(before, after): a lifecycle rule deletes what none deleted before, or
// deletes it sooner. Rules are told apart by their id.
var soonerFunc = predicate(2, func(args []cty.Value) bool {
	before := expiriesOf(args[0])
	for name, after := range expiriesOf(args[1]) {
		old, ok := before[name]
		if !ok || !slices.EqualFunc(old, after, cty.Value.RawEquals) && !isLater(old, after) {
			return true
		}
	}
	return false
})

// isLater reports whether all bounds of an expiry are the same or greater.
func isLater(before, after []cty.Value) bool {
	for i := range before {
		old, isNumber := numberOf(before[i])
		n, stillNumber := numberOf(after[i])
		if before[i].RawEquals(after[i]) {
			continue
		}
		if !isNumber || !stillNumber || n < old {
			return false
		}
	}
	return true
}

// expiriesOf returns the bounds of each expiry of the lifecycle rules that are in force, by
// the rule's id and the kind of expiry.
func expiriesOf(rules cty.Value) map[string][]cty.Value {
	expiries := map[string][]cty.Value{}
	for _, r := range elementsOf(rules) {
		status := attribute(r, "status")
		if status.Type() == cty.String && !status.IsNull() && status.AsString() != "Enabled" {
			continue
		}
		id := attribute(r, "id")
		name := ""
		if id.Type() == cty.String && !id.IsNull() {
			name = id.AsString()
		}
		for _, kind := range []string{"expiration", "noncurrent_version_expiration"} {
			for _, expiry := range elementsOf(attribute(r, kind)) {
				bounds := []cty.Value{filterOf(r)}
				for _, bound := range expiryNames {
					bounds = append(bounds, attribute(expiry, bound))
				}
				if slices.ContainsFunc(bounds[1:], isSet) {
					expiries[name+"."+kind] = bounds
				}
			}
		}
	}
	return expiries
}

// filterOf returns what a lifecycle rule applies to, in one value.
func filterOf(r cty.Value) cty.Value {
	return cty.TupleVal([]cty.Value{attribute(r, "filter"), attribute(r, "prefix")})
}
