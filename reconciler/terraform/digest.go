package terraform

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// effect is what a plan would do to one resource, as the digest sees it.
type effect struct {
	Address   string            `json:"address"`
	Previous  string            `json:"previous,omitempty"` // address before a move
	Deposed   string            `json:"deposed,omitempty"`
	Actions   tfjson.Actions    `json:"actions"`
	Before    any               `json:"before"`
	After     any               `json:"after"`
	Unknown   any               `json:"unknown,omitempty"`
	Hidden    [2]any            `json:"hidden"` // what is sensitive before and after
	Replace   []any             `json:"replace,omitempty"`
	Importing *tfjson.Importing `json:"importing,omitempty"`
	Deferred  string            `json:"deferred,omitempty"` // why it is left for later
}

// planDigest hashes what a plan would change: resources, outputs, actions.
// When it was made, by what version, and in what order it lists things is
// left out; values are in it, sensitive ones too.
func planDigest(plan *tfjson.Plan) string {
	var effects []effect
	for _, rc := range plan.ResourceChanges {
		if e, ok := effectOf(rc, ""); ok {
			effects = append(effects, e)
		}
	}
	for _, deferred := range plan.DeferredChanges {
		if e, ok := effectOf(deferred.ResourceChange, deferred.Reason); ok {
			effects = append(effects, e)
		}
	}
	slices.SortFunc(effects, func(a, b effect) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Deposed, b.Deposed))
	})
	outputs := map[string]effect{}
	for name, change := range plan.OutputChanges {
		if !change.Actions.NoOp() {
			outputs[name] = changeEffect(change)
		}
	}
	// Everything in it is plain JSON, so this cannot fail; maps are sorted.
	text, _ := json.Marshal(map[string]any{
		"resources": effects, "outputs": outputs, "invocations": plan.ActionInvocations,
	})
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// effectOf is false for what a plan lists but would not change: resources
// that stay as they are, and data that is read.
func effectOf(rc *tfjson.ResourceChange, deferred string) (effect, bool) {
	if rc == nil || rc.Change == nil {
		return effect{}, false
	}
	change := rc.Change
	stays := change.Actions.NoOp() && rc.PreviousAddress == "" && change.Importing == nil
	if stays || change.Actions.Read() {
		return effect{}, false
	}
	e := changeEffect(change)
	e.Address, e.Previous, e.Deposed, e.Deferred = rc.Address, rc.PreviousAddress, rc.DeposedKey, deferred
	return e, true
}

func changeEffect(change *tfjson.Change) effect {
	return effect{
		Actions: change.Actions, Before: change.Before, After: change.After, Unknown: change.AfterUnknown,
		Hidden:  [2]any{change.BeforeSensitive, change.AfterSensitive},
		Replace: change.ReplacePaths, Importing: change.Importing,
	}
}

func countChanges(plan *tfjson.Plan) Changes {
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

// sensitiveIn are the strings of a plan that Terraform marks as sensitive.
func sensitiveIn(plan *tfjson.Plan) []string {
	var all []string
	add := func(change *tfjson.Change) {
		if change != nil {
			all = append(all, marked(change.Before, change.BeforeSensitive)...)
			all = append(all, marked(change.After, change.AfterSensitive)...)
		}
	}
	for _, rc := range plan.ResourceChanges {
		add(rc.Change)
	}
	for _, change := range plan.OutputChanges {
		add(change)
	}
	return all
}

// marked are the strings within value where marks, of the same shape, say
// true.
func marked(value, marks any) []string {
	switch marks := marks.(type) {
	case bool:
		if marks {
			return stringsIn(value)
		}
	case map[string]any:
		within, _ := value.(map[string]any)
		var all []string
		for name, m := range marks {
			all = append(all, marked(within[name], m)...)
		}
		return all
	case []any:
		within, _ := value.([]any)
		var all []string
		for i, m := range marks {
			if i < len(within) {
				all = append(all, marked(within[i], m)...)
			}
		}
		return all
	}
	return nil
}
