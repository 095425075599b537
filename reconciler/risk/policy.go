package risk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// deniesFunc implements denies(before, after): a policy has a statement with Deny that it did
// not have.
var deniesFunc = predicate(2, func(args []cty.Value) bool {
	before := denialsOf(args[0])
	return slices.ContainsFunc(denialsOf(args[1]), func(s string) bool { return !slices.Contains(before, s) })
})

// withdrawsFunc implements withdraws(before, after): a policy does not allow all that it
// allowed.
var withdrawsFunc = predicate(2, func(args []cty.Value) bool {
	after := allowancesOf(args[1])
	return slices.ContainsFunc(allowancesOf(args[0]), func(a allowance) bool { return !a.isWithin(after) })
})

// statement is one of a policy, without its id.
type statement map[string]any

// statementsOf returns the statements of a policy, or of the policies in a list of blocks. What
// is no policy is one statement, which says neither Allow nor Deny.
func statementsOf(policy cty.Value) []statement {
	var all []statement
	for _, block := range elementsOf(policy) {
		all = append(all, statementsOf(attribute(block, "policy"))...)
	}
	text := textOf(policy)
	if text == "" {
		return all
	}
	var document struct{ Statement any }
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		return []statement{{"": text}}
	}
	for _, v := range listOf(document.Statement) {
		if s, ok := v.(map[string]any); ok {
			delete(s, "Sid")
			all = append(all, s)
		}
	}
	return all
}

func (s statement) isAllow() bool { return fmt.Sprint(s["Effect"]) == "Allow" }

// denialsOf returns the statements of a policy that deny something, as texts.
func denialsOf(policy cty.Value) []string {
	var denials []string
	for _, s := range statementsOf(policy) {
		if !s.isAllow() {
			denials = append(denials, jsonOf(s))
		}
	}
	return denials
}

// allowance is a statement that allows. Each of its lists has at least one element.
type allowance struct {
	principals, actions, resources []string
	condition                      string // as text; and with it what names all but something
}

func allowancesOf(policy cty.Value) []allowance {
	var all []allowance
	for _, s := range statementsOf(policy) {
		if !s.isAllow() {
			continue
		}
		a := allowance{principals: []string{""}, actions: textsOf(s["Action"]), resources: textsOf(s["Resource"])}
		for i, action := range a.actions {
			a.actions[i] = strings.ToLower(action)
		}
		switch principal := s["Principal"].(type) {
		case map[string]any:
			a.principals = nil
			for kind, names := range principal {
				for _, name := range textsOf(names) {
					a.principals = append(a.principals, kind+" "+name)
				}
			}
		case string:
			a.principals = []string{principal}
		}
		rest := statement{}
		for _, name := range []string{"Condition", "NotPrincipal", "NotAction", "NotResource"} {
			if s[name] != nil {
				rest[name] = s[name]
			}
		}
		if len(rest) > 0 {
			a.condition = jsonOf(rest)
		}
		all = append(all, a)
	}
	return all
}

// maxAllowed bounds the combinations of a statement that are looked at one by one.
const maxAllowed = 10_000

// isWithin reports whether others allow all that a does, alone or together.
func (a allowance) isWithin(others []allowance) bool {
	if slices.ContainsFunc(others, a.isWithinOne) {
		return true
	}
	if len(a.principals)*len(a.actions)*len(a.resources) > maxAllowed {
		return false
	}
	for _, principal := range a.principals {
		for _, action := range a.actions {
			for _, resource := range a.resources {
				single := allowance{[]string{principal}, []string{action}, []string{resource}, a.condition}
				if !slices.ContainsFunc(others, single.isWithinOne) {
					return false
				}
			}
		}
	}
	return true
}

func (a allowance) isWithinOne(other allowance) bool {
	return (other.condition == "" || other.condition == a.condition) &&
		areMatched(a.principals, other.principals) && areMatched(a.actions, other.actions) && areMatched(a.resources, other.resources)
}

// areMatched reports whether each text is matched by a pattern, in which * and ? stand for
// other characters.
func areMatched(texts, patterns []string) bool {
	var all []string
	for _, pattern := range patterns {
		all = append(all, strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)))
	}
	matches := regexp.MustCompile("(?s)^(?:" + strings.Join(all, "|") + ")$") // all is quoted
	return !slices.ContainsFunc(texts, func(text string) bool { return !matches.MatchString(text) })
}

// textsOf returns a text, or the texts of a list; of nothing, an empty one.
func textsOf(v any) []string {
	var all []string
	for _, element := range listOf(v) {
		all = append(all, fmt.Sprint(element))
	}
	if len(all) == 0 {
		return []string{""}
	}
	return all
}

func listOf(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	return []any{v}
}
