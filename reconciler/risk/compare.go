package risk

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// trafficFunc implements traffic(before, after, key, weight): the shares of a list of targets, by
// their keys, move. The order of the list does not count. A target without traffic may come
// and go.
var trafficFunc = predicateWhere(4, areSharesKnown, func(args []cty.Value) bool {
	key, weight := args[2].AsString(), args[3].AsString()
	return differs(sharesOf(args[0], key, weight), sharesOf(args[1], key, weight))
})

// areSharesKnown reports whether the weights are known, and the keys of those that have one.
func areSharesKnown(args []cty.Value) bool {
	key, weight := args[2].AsString(), args[3].AsString()
	if !args[0].IsKnown() || !args[1].IsKnown() {
		return false
	}
	return !slices.ContainsFunc(slices.Concat(elementsOf(args[0]), elementsOf(args[1])), func(target cty.Value) bool {
		w := attribute(target, weight)
		return !w.IsKnown() || isSet(w) && !attribute(target, key).IsKnown()
	})
}

// differs reports whether a target has another share than before. One that is missing has
// none.
func differs(before, after map[string]float64) bool {
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
}

// sharesOf returns the weight of each target, divided by their sum.
func sharesOf(list cty.Value, key, weight string) map[string]float64 {
	shares, sum := weightsOf(list, key, weight)
	for target := range shares {
		if sum > 0 {
			shares[target] = math.Round(shares[target]/sum*1e6) / 1e6
		}
	}
	return shares
}

// weightsOf returns the weight of each target and their sum. A weight that is omitted is
// sent as 0.
func weightsOf(list cty.Value, key, weight string) (weights map[string]float64, sum float64) {
	weights = map[string]float64{}
	for _, target := range elementsOf(list) {
		n, _ := numberOf(attribute(target, weight))
		weights[textOf(attribute(target, key))] += n
		sum += n
	}
	return weights, sum
}

// changesinFunc implements changesin(before, after, key, attribute): a target of both lists has
// another value of an attribute.
var changesinFunc = predicateWhere(4, areListsKnown, func(args []cty.Value) bool {
	key, name := args[2].AsString(), args[3].AsString()
	before := map[string]cty.Value{}
	for _, target := range elementsOf(args[0]) {
		before[textOf(attribute(target, key))] = attribute(target, name)
	}
	for _, target := range elementsOf(args[1]) {
		if old, ok := before[textOf(attribute(target, key))]; ok && !old.RawEquals(attribute(target, name)) { // also if it is not known
			return true
		}
	}
	return false
})

func areListsKnown(args []cty.Value) bool { return args[0].IsKnown() && args[1].IsKnown() }

// sumofFunc implements sumof(list, attribute): the sum of an attribute of the list's objects.
var sumofFunc = function.New(&function.Spec{
	Params: []function.Parameter{anyValue, {Name: "attribute", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		name := args[1].AsString()
		isUnknown := func(target cty.Value) bool { return !attribute(target, name).IsKnown() }
		if !args[0].IsKnown() || slices.ContainsFunc(elementsOf(args[0]), isUnknown) {
			return cty.UnknownVal(cty.Number), nil
		}
		_, sum := weightsOf(args[0], "", name)
		if math.IsNaN(sum) { // numbers without a bound, of both signs
			return cty.UnknownVal(cty.Number), nil
		}
		return cty.NumberFloatVal(sum), nil
	},
})

// forwardsFunc implements forwards(before, after): the actions of a listener send requests to other
// targets, or in other shares.
var forwardsFunc = predicate(2, func(args []cty.Value) bool {
	before, after := actionsOf(args[0]), actionsOf(args[1])
	return !slices.Equal(before.others, after.others) || differs(before.shares, after.shares)
})

// listenerActions are the actions of a listener: what is forwarded, and the rest as text.
type listenerActions struct {
	shares map[string]float64
	others []string
}

func actionsOf(list cty.Value) listenerActions {
	actions := listenerActions{shares: map[string]float64{}}
	for _, action := range elementsOf(list) {
		if kind := textOf(attribute(action, "type")); kind != "forward" {
			actions.others = append(actions.others, strings.Join([]string{kind, jsonText(attribute(action, "redirect")), jsonText(attribute(action, "fixed_response")), jsonText(attribute(action, "authenticate_oidc")), jsonText(attribute(action, "authenticate_cognito"))}, " "))
			continue
		}
		if target := textOf(attribute(action, "target_group_arn")); target != "" {
			actions.shares[target] = 1
			continue
		}
		for _, forward := range elementsOf(attribute(action, "forward")) {
			for target, share := range sharesOf(attribute(forward, "target_group"), "arn", "weight") {
				actions.shares[target] = share
			}
		}
	}
	return actions
}

// takesallFunc implements takesall(conditions): the conditions of a listener's rule select every
// request. Each holds if one of its values does.
var takesallFunc = predicateWhere(1, func(args []cty.Value) bool {
	return args[0].IsWhollyKnown() || slices.ContainsFunc(elementsOf(args[0]), selectsSome)
}, func(args []cty.Value) bool {
	conditions := elementsOf(args[0])
	return len(conditions) > 0 && !slices.ContainsFunc(conditions, selectsSome)
})

// selectsSome reports whether a condition is known, and does not hold for every request.
func selectsSome(condition cty.Value) bool {
	return condition.IsWhollyKnown() && !selectsAll(condition)
}

func selectsAll(condition cty.Value) bool {
	for kind, everything := range map[string][]string{"path_pattern": {"*", "/*"}, "host_header": {"*"}, "source_ip": {"0.0.0.0/0"}} {
		for _, block := range elementsOf(attribute(condition, kind)) {
			values := elementsOf(attribute(block, "values"))
			if slices.ContainsFunc(values, func(v cty.Value) bool { return slices.Contains(everything, textOf(v)) }) {
				return true
			}
		}
	}
	return false
}

// replicateslessFunc implements replicatesless(before, after): a rule of a replication that was in
// force is not any more, or is about other objects or another destination.
var replicateslessFunc = predicate(2, func(args []cty.Value) bool {
	after := replicationsOf(args[1])
	for r, n := range replicationsOf(args[0]) {
		if after[r] < n {
			return true
		}
	}
	return false
})

// replicationsOf counts the rules that are in force by what they copy, and whereto.
func replicationsOf(rules cty.Value) map[string]int {
	all := map[string]int{}
	for _, r := range elementsOf(rules) {
		if textOf(attribute(r, "status")) != "Enabled" {
			continue
		}
		parts := []string{jsonText(attribute(r, "filter")), textOf(attribute(r, "prefix"))}
		for _, destination := range elementsOf(attribute(r, "destination")) {
			parts = append(parts, textOf(attribute(destination, "bucket")))
		}
		all[strings.Join(parts, " ")]++
	}
	return all
}

// refusesFunc implements refuses(before, after): a parameter of a database that decides which
// clients may connect or write has another value.
var refusesFunc = predicate(2, func(args []cty.Value) bool {
	return !maps.Equal(refusingParametersOf(args[0]), refusingParametersOf(args[1]))
})

// refusingParameters are the names of parameters by which a database refuses clients.
var refusingParameters = []string{
	"rds.force_ssl", "require_secure_transport", "tls_version", "ssl_min_protocol_version", "read_only", "innodb_read_only",
	"default_transaction_read_only", "max_connections", "max_user_connections",
}

func refusingParametersOf(list cty.Value) map[string]string {
	values := map[string]string{}
	for _, p := range elementsOf(list) {
		if name := textOf(attribute(p, "name")); slices.Contains(refusingParameters, name) {
			values[name] = textOf(attribute(p, "value"))
		}
	}
	return values
}

// actsFunc implements acts(arns): an action of an alarm stops, restarts or ends a server.
var actsFunc = predicate(1, func(args []cty.Value) bool {
	return slices.ContainsFunc(elementsOf(args[0]), func(arn cty.Value) bool {
		text := textOf(arn)
		return strings.Contains(text, ":ec2:") || strings.Contains(text, "AWS_EC2.Instance") || strings.Contains(text, ":lambda:") || strings.Contains(text, ":autoscaling:")
	})
})

// stopsFunc implements stops(arn): the target of a schedule is a call of AWS that ends something.
var stopsFunc = predicate(1, func(args []cty.Value) bool {
	_, call, ok := strings.Cut(textOf(args[0]), ":aws-sdk:")
	call = strings.ToLower(call)
	return ok && slices.ContainsFunc([]string{":stop", ":terminate", ":delete", ":reboot", ":disable", ":update", ":put", ":modify", ":set"}, func(verb string) bool { return strings.Contains(call, verb) })
})

// strFunc implements str(value, default): the value as a text, the default where it is none.
var strFunc = function.New(&function.Spec{
	Params: []function.Parameter{anyValue, {Name: "default", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		switch {
		case !args[0].IsKnown():
			return cty.UnknownVal(cty.String), nil
		case args[0].IsNull() || args[0].Type() != cty.String:
			return args[1], nil
		}
		return args[0], nil
	},
})

// textOf returns the text of a value, "" for one that is none or not known.
func textOf(v cty.Value) string {
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return ""
	}
	return v.AsString()
}

// jsonText returns a known value as text, with empty lists as nothing.
func jsonText(v cty.Value) string {
	if !isSet(v) {
		return ""
	}
	text, err := ctyjson.Marshal(v, v.Type())
	if err != nil {
		return v.GoString()
	}
	return string(text)
}
