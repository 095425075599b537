package planjson

import (
	"cmp"
	"maps"
	"reflect"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// Difference is what a plan changes. It leaves out what is known and equal before and
// after: that is what a refresh moved, and no effect of the plan.
type Difference struct {
	Resources   []resourceChange           `json:"resources"`
	Outputs     map[string]resourceChange  `json:"outputs"`
	Invocations []*tfjson.ActionInvocation `json:"invocations"`
	Providers   []providerConfig           `json:"providers,omitempty"`
}

// resourceChange is a planned change of one resource or output.
type resourceChange struct {
	Address         string            `json:"address"`
	Provider        string            `json:"provider,omitempty"`
	PreviousAddress string            `json:"previous,omitempty"` // address before a move
	Deposed         string            `json:"deposed,omitempty"`
	Actions         tfjson.Actions    `json:"actions"`              // with the order of a replacement
	ID              any               `json:"id,omitempty"`         // of what exists
	Attributes      []attribute       `json:"attributes,omitempty"` // that differ or are not known
	Sensitive       []any             `json:"hidden,omitempty"`     // sensitive paths before and after, if they differ
	ReplacePaths    []any             `json:"replace,omitempty"`
	Importing       *tfjson.Importing `json:"importing,omitempty"`
	DeferredReason  string            `json:"deferred,omitempty"` // reason for the deferral
}

// attribute is a value that differs. Before and After have one element, or none where
// there is no value.
type attribute struct {
	Path        []any `json:"path"`
	Before      []any `json:"before"`
	After       []any `json:"after"`
	Unknown     any   `json:"unknown,omitempty"` // the parts of the new value that are not known
	IsSensitive bool  `json:"-"`                 // a mark that changes is in resourceChange.Sensitive
}

// FindDifference returns what a plan changes: resources, outputs, actions, and how the
// providers of these are configured.
func FindDifference(plan *tfjson.Plan, root RootModule) Difference {
	d := Difference{Outputs: map[string]resourceChange{}, Invocations: plan.ActionInvocations}
	for _, rc := range plan.ResourceChanges {
		if e, ok := resourceChangeOf(rc, ""); ok {
			d.Resources = append(d.Resources, e)
		}
	}
	for _, deferred := range plan.DeferredChanges {
		if e, ok := resourceChangeOf(deferred.ResourceChange, deferred.Reason); ok {
			d.Resources = append(d.Resources, e)
		}
	}
	slices.SortFunc(d.Resources, func(a, b resourceChange) int {
		return cmp.Or(cmp.Compare(a.Address, b.Address), cmp.Compare(a.Deposed, b.Deposed))
	})
	for name, change := range plan.OutputChanges {
		if change.Actions.NoOp() {
			continue
		}
		e := changeOf(change)
		e.Sensitive = []any{prune(change.BeforeSensitive), prune(change.AfterSensitive)}
		e.compare(nil, values{change.Before, change.After}, change.AfterUnknown, values{change.BeforeSensitive, change.AfterSensitive}, values{true, true})
		d.Outputs[name] = e
	}
	d.Providers = findProviderConfigs(plan, d, root)
	return d
}

// resourceChangeOf returns false for an entry that changes nothing: an unchanged
// resource or a data source that is read.
func resourceChangeOf(rc *tfjson.ResourceChange, deferredReason string) (resourceChange, bool) {
	if rc == nil || !changesSomething(rc) {
		return resourceChange{}, false
	}
	change := rc.Change
	e := changeOf(change)
	e.Address, e.PreviousAddress, e.Deposed, e.DeferredReason = rc.Address, rc.PreviousAddress, rc.DeposedKey, deferredReason
	e.Provider, e.ID = rc.ProviderName, identify(change)
	before := change.Before
	switch {
	case change.Actions.Delete(), change.Actions.Forget():
		return e, true // address and id say all
	case before == nil, slices.Contains(change.Actions, tfjson.ActionCreate):
		before = map[string]any{}
	}
	e.compare(nil, values{before, change.After}, change.AfterUnknown, values{change.BeforeSensitive, change.AfterSensitive}, values{true, true})
	return e, true
}

func changesSomething(rc *tfjson.ResourceChange) bool {
	change := rc.Change
	if change == nil || change.Actions.Read() {
		return false
	}
	return !change.Actions.NoOp() || rc.PreviousAddress != "" || change.Importing != nil
}

func changeOf(change *tfjson.Change) resourceChange {
	e := resourceChange{Actions: change.Actions, ReplacePaths: change.ReplacePaths, Importing: change.Importing}
	before, after := prune(change.BeforeSensitive), prune(change.AfterSensitive)
	if change.Before != nil && change.After != nil && !reflect.DeepEqual(before, after) {
		e.Sensitive = []any{before, after}
	}
	return e
}

// identify returns what identifies an existing resource: its id, or what providers have
// in its place.
func identify(change *tfjson.Change) any {
	before, _ := change.Before.(map[string]any)
	for _, name := range []string{"id", "arn", "name"} {
		if id, _ := before[name].(string); id != "" {
			return id
		}
	}
	return change.BeforeIdentity
}

// values are what stands at one path before and after; as marks, what is marked there; as
// presence, true where there is a value.
type values struct{ before, after any }

// compare appends the attributes at and below path that differ or are not known.
func (c *resourceChange) compare(path []any, at values, unknown any, marks values, has values) {
	unknown = prune(unknown)
	oldMap, wasMap := at.before.(map[string]any)
	newMap, isMap := at.after.(map[string]any)
	oldList, wasList := at.before.([]any)
	newList, isList := at.after.([]any)
	switch {
	case unknown == true:
	case wasMap && isMap:
		names := maps.Clone(oldMap)
		if names == nil {
			names = map[string]any{}
		}
		maps.Copy(names, newMap)
		unknowns, _ := unknown.(map[string]any)
		maps.Copy(names, unknowns)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			c.compare(append(slices.Clone(path), name), values{oldMap[name], newMap[name]}, unknowns[name],
				values{member(marks.before, name), member(marks.after, name)}, values{contains(oldMap, name), contains(newMap, name)})
		}
		return
	case wasList && isList:
		unknowns, _ := unknown.([]any)
		for i := range max(len(oldList), len(newList), len(unknowns)) {
			c.compare(append(slices.Clone(path), i), values{element(oldList, i), element(newList, i)}, element(unknowns, i),
				values{member(marks.before, i), member(marks.after, i)}, values{i < len(oldList), i < len(newList)})
		}
		return
	case unknown == nil && has.before == has.after && reflect.DeepEqual(at.before, at.after):
		return
	}
	a := attribute{Path: path, Unknown: unknown, IsSensitive: prune(marks.before) != nil || prune(marks.after) != nil}
	if has.before == true {
		a.Before = []any{at.before}
	}
	if has.after == true {
		a.After = []any{at.after}
	}
	c.Attributes = append(c.Attributes, a)
}

func contains(m map[string]any, name string) bool {
	_, ok := m[name]
	return ok
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// member returns the marks of a member of a marked value.
func member(marks any, step any) any {
	switch marks := marks.(type) {
	case bool:
		return marks
	case map[string]any:
		name, _ := step.(string)
		return marks[name]
	case []any:
		i, _ := step.(int)
		return element(marks, i)
	}
	return nil
}

// prune removes what is not marked, and returns nil if nothing is. Lists keep their
// places.
func prune(marks any) any {
	switch marks := marks.(type) {
	case bool:
		if marks {
			return true
		}
	case map[string]any:
		kept := map[string]any{}
		for name, m := range marks {
			if m = prune(m); m != nil {
				kept[name] = m
			}
		}
		if len(kept) > 0 {
			return kept
		}
	case []any:
		kept, some := make([]any, len(marks)), false
		for i, m := range marks {
			kept[i] = prune(m)
			some = some || kept[i] != nil
		}
		if some {
			return kept
		}
	}
	return nil
}
