// Package planjson reads the JSON of a plan, and the checks in a state: what would change,
// what fails, which values are sensitive. It runs nothing.
package planjson

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"

	"reconcile/internal/lazyregexp"
	"reconcile/internal/plandigest"
)

// Basis is what a digest depends on beside the difference.
type Basis struct {
	KeyID     string `json:"-"`
	Key       []byte `json:"-"`
	Lineage   string `json:"lineage"` // of the state
	ApplyRole string `json:"role"`
}

// Digest returns the keyed hash of the difference, with its values, also sensitive ones.
func (d Difference) Digest(basis Basis) plandigest.Digest {
	return plandigest.New(basis.KeyID, basis.hash(map[string]any{"plan": d, "basis": basis}))
}

// hash hashes a value of plain JSON, which always encodes; maps are encoded in order.
func (b Basis) hash(value any) string {
	text, _ := json.Marshal(value)
	mac := hmac.New(sha256.New, b.Key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// Describe returns the difference as the record keeps it. redact removes what is known to
// be secret from a text.
func (d Difference) Describe(basis Basis, redact func(string) string) plandigest.Difference {
	var out plandigest.Difference
	for _, r := range d.Resources {
		out.Changes = append(out.Changes, r.describe(basis.RedactAddress(r.Address, redact), basis, redact))
	}
	for _, name := range slices.Sorted(maps.Keys(d.Outputs)) {
		out.Changes = append(out.Changes, d.Outputs[name].describe("output."+name, basis, redact))
	}
	for _, action := range d.Invocations {
		out.Changes = append(out.Changes, plandigest.Change{Address: basis.RedactAddress(action.Address, redact), Action: "invoke", Attributes: []plandigest.Attribute{
			{Path: "config", After: plandigest.Value{Hash: shorten(basis.hash(action), hashLength)}},
		}})
	}
	for _, p := range d.Providers {
		out.Changes = append(out.Changes, p.describe(basis, redact))
	}
	return out.Limit()
}

func (c resourceChange) describe(address string, basis Basis, redact func(string) string) plandigest.Change {
	if c.Deposed != "" {
		address += " (deposed " + c.Deposed + ")"
	}
	var actions []string
	for _, a := range c.Actions {
		actions = append(actions, string(a))
	}
	out := plandigest.Change{Address: address, Action: strings.Join(actions, ", ")}
	describe := func(value []any, unknown any, isSensitive bool) (v plandigest.Value) {
		if len(value) == 0 && unknown == nil {
			return v
		}
		v.Hash = shorten(basis.hash([]any{value, unknown}), hashLength)
		switch {
		case isSensitive:
		case len(value) == 0 || unknown == true:
			v.Text = "(known after apply)"
		default:
			text, _ := json.Marshal(value[0])
			v.Text = shorten(redact(string(text)), plandigest.MaxText)
		}
		return v
	}
	for _, a := range c.Attributes {
		out.Attributes = append(out.Attributes, plandigest.Attribute{
			Path: formatPath(c.redactPath(a.Path, basis, redact)), Before: describe(a.Before, nil, a.IsSensitive), After: describe(a.After, a.Unknown, a.IsSensitive),
		})
	}
	return out
}

// keyPattern matches the key of an instance in an address, without its quotes.
var keyPattern = lazyregexp.New(`"(?:[^"\\]|\\.)*"`)

// RedactAddress redacts the keys in an address. Addresses that differ still do: what one was
// approved for is not taken for another.
func (b Basis) RedactAddress(address string, redact func(string) string) string {
	return keyPattern().ReplaceAllStringFunc(address, func(quoted string) string {
		return `"` + b.redactKey(quoted[1:len(quoted)-1], redact) + `"`
	})
}

// redactPath redacts the keys in a path. That of a resource begins with the name of an attribute.
func (c resourceChange) redactPath(path []any, basis Basis, redact func(string) string) []any {
	redacted := slices.Clone(path)
	for i, step := range redacted {
		if key, isKey := step.(string); isKey && (i > 0 || c.Address == "") {
			redacted[i] = basis.redactKey(key, redact)
		}
	}
	return redacted
}

// redactKey redacts a key, and adds a part of its keyed hash where it did.
func (b Basis) redactKey(key string, redact func(string) string) string {
	redacted := redact(key)
	if redacted == key {
		return key
	}
	return redacted + " " + shorten(b.hash(key), keyHashLength)
}

// keyHashLength is how many digits tell two redacted keys apart.
const keyHashLength = 8

// hashLength is the length of a value's hash in a record.
const hashLength = 16

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "")
}

func formatPath(path []any) string {
	var out strings.Builder
	for i, step := range path {
		name, isName := step.(string)
		switch {
		case !isName:
			fmt.Fprintf(&out, "[%v]", step)
		case i == 0:
			out.WriteString(name)
		default:
			out.WriteString("." + name)
		}
	}
	return out.String()
}

// ListChangedOutputs returns the names of the outputs that a plan makes or changes, and of
// those that it removes, sorted.
func ListChangedOutputs(plan *tfjson.Plan) (made, removed []string) {
	for _, name := range slices.Sorted(maps.Keys(plan.OutputChanges)) {
		switch actions := plan.OutputChanges[name].Actions; {
		case actions.NoOp():
		case actions.Delete():
			removed = append(removed, name)
		default:
			made = append(made, name)
		}
	}
	return made, removed
}

// Changes counts resources. A replaced resource counts only in Replace.
type Changes struct{ Add, Change, Destroy, Replace int }

// CountChanges counts the managed resources that a plan changes.
func CountChanges(plan *tfjson.Plan) Changes {
	var n Changes
	for _, rc := range plan.ResourceChanges {
		if rc.Mode != tfjson.ManagedResourceMode || rc.Change == nil {
			continue
		}
		switch actions := rc.Change.Actions; {
		case actions.Replace():
			n.Replace++
		case slices.Contains(actions, tfjson.ActionCreate):
			n.Add++
		case actions.Update():
			n.Change++
		case actions.Delete():
			n.Destroy++
		}
	}
	return n
}
