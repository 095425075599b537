// Package planjson reads the JSON of a plan, and the checks in a state: what would change,
// what fails, which values are sensitive. It runs nothing.
package planjson

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// resourceChange is a planned change of one resource, in the form that the digest
// hashes.
type resourceChange struct {
	Address         string            `json:"address"`
	PreviousAddress string            `json:"previous,omitempty"` // address before a move
	Deposed         string            `json:"deposed,omitempty"`
	Actions         tfjson.Actions    `json:"actions"`
	Before          any               `json:"before"`
	After           any               `json:"after"`
	AfterUnknown    any               `json:"unknown,omitempty"`
	Sensitive       [2]any            `json:"hidden"` // sensitive paths before and after
	ReplacePaths    []any             `json:"replace,omitempty"`
	Importing       *tfjson.Importing `json:"importing,omitempty"`
	DeferredReason  string            `json:"deferred,omitempty"` // reason for the deferral
}

// Digest hashes what a plan changes: resources, outputs, actions. The hash includes values,
// also sensitive ones. It excludes the time, the version and the order of lists.
func Digest(plan *tfjson.Plan) string {
	var resources []resourceChange
	for _, rc := range plan.ResourceChanges {
		if e, ok := resourceChangeOf(rc, ""); ok {
			resources = append(resources, e)
		}
	}
	for _, deferred := range plan.DeferredChanges {
		if e, ok := resourceChangeOf(deferred.ResourceChange, deferred.Reason); ok {
			resources = append(resources, e)
		}
	}
	slices.SortFunc(resources, func(a, b resourceChange) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Deposed, b.Deposed))
	})
	outputs := map[string]resourceChange{}
	for name, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			outputs[name] = changeOf(change)
		}
	}
	// Marshal cannot fail: all values are plain JSON. It sorts map keys.
	text, _ := json.Marshal(map[string]any{
		"resources": resources, "outputs": outputs, "invocations": plan.ActionInvocations,
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// resourceChangeOf returns false for an entry that changes nothing: an unchanged
// resource or a data source that is read.
func resourceChangeOf(rc *tfjson.ResourceChange, deferredReason string) (resourceChange, bool) {
	if rc == nil || rc.Change == nil {
		return resourceChange{}, false
	}
	change := rc.Change
	isUnchanged := change.Actions.NoOp() && rc.PreviousAddress == "" && change.Importing == nil
	if isUnchanged || change.Actions.Read() {
		return resourceChange{}, false
	}
	e := changeOf(change)
	e.Address, e.PreviousAddress, e.Deposed, e.DeferredReason = rc.Address, rc.PreviousAddress, rc.DeposedKey, deferredReason
	return e, true
}

func changeOf(change *tfjson.Change) resourceChange {
	return resourceChange{
		Actions: change.Actions, Before: change.Before, After: change.After, AfterUnknown: change.AfterUnknown,
		Sensitive:    [2]any{change.BeforeSensitive, change.AfterSensitive},
		ReplacePaths: change.ReplacePaths, Importing: change.Importing,
	}
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
