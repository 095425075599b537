package rollout

import (
	"fmt"
	"slices"
	"strings"

	"reconcile/internal/excerpt"
	"reconcile/internal/plandigest"
)

// maxNamed is how many changes a sentence names.
const maxNamed = 3

// Scope returns what the plan at 100 changes, without values: the most that a step may
// change. The error says why it cannot be kept.
func Scope(plan plandigest.Difference) ([]plandigest.Change, error) {
	if plan.Omitted > 0 || slices.ContainsFunc(plan.Changes, func(c plandigest.Change) bool { return c.Omitted > 0 }) {
		return nil, fmt.Errorf("the plan changes more than the record has room for, so that no step could be compared with it")
	}
	scope := []plandigest.Change{}
	for _, c := range plan.Changes {
		kept := plandigest.Change{Address: c.Address, Action: c.Action}
		for _, a := range c.Attributes {
			kept.Attributes = append(kept.Attributes, plandigest.Attribute{Path: topLevel(a.Path)})
		}
		kept.Attributes = slices.Compact(kept.Attributes)
		scope = append(scope, kept)
	}
	return scope, nil
}

// topLevel returns the attribute of a resource that a path is in: elements of lists and sets
// have other places from step to step.
func topLevel(path string) string {
	if i := strings.IndexAny(path, ".["); i > 0 {
		return path[:i]
	}
	return path
}

// Exceeds says what the plan of a step changes beyond its scope; "" for nothing. What the
// whole rollout creates or replaces, a step may change as well.
func Exceeds(scope []plandigest.Change, step plandigest.Difference) string {
	var texts []string
	for _, c := range step.Changes {
		i := slices.IndexFunc(scope, func(a plandigest.Change) bool { return a.Address == c.Address })
		if i < 0 {
			texts = append(texts, fmt.Sprintf("%s (%s)", c.Address, c.Action))
			continue
		}
		allowed := scope[i]
		if deletes(c) && (!deletes(allowed) || creates(allowed) && !creates(c)) {
			texts = append(texts, fmt.Sprintf("%s (%s, not %s)", c.Address, c.Action, allowed.Action))
			continue
		}
		if creates(allowed) || deletes(c) {
			continue
		}
		for _, a := range c.Attributes {
			top := topLevel(a.Path)
			if !slices.ContainsFunc(allowed.Attributes, func(b plandigest.Attribute) bool { return b.Path == top }) {
				texts = append(texts, c.Address+" "+top)
			}
		}
	}
	return describe(texts, step)
}

// Destroys says what a plan destroys or replaces that the rollout does not change at all: not
// even an abort may do that.
func Destroys(scope []plandigest.Change, step plandigest.Difference) string {
	var texts []string
	for _, c := range step.Changes {
		if deletes(c) && !slices.ContainsFunc(scope, func(a plandigest.Change) bool { return a.Address == c.Address }) {
			texts = append(texts, fmt.Sprintf("%s (%s)", c.Address, c.Action))
		}
	}
	return describe(texts, plandigest.Difference{Omitted: step.Omitted})
}

func deletes(c plandigest.Change) bool { return strings.Contains(c.Action, "delete") }

func creates(c plandigest.Change) bool { return strings.Contains(c.Action, "create") }

func describe(texts []string, step plandigest.Difference) string {
	texts = slices.Compact(texts)
	if step.Omitted > 0 {
		texts = append(texts, fmt.Sprintf("%d changes more", step.Omitted))
	}
	if len(texts) == 0 {
		return ""
	}
	return excerpt.List(texts, maxNamed)
}
