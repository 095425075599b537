package risk

import (
	"encoding/json"
	"maps"
	globpath "path"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// steps lead to a value in a resource. A number in it is the index of a list.
type steps []string

func (s steps) String() string { return strings.Join(s, ".") }

// startsWith reports whether a pattern, whose steps may hold "*", leads to a value or
// to something around it.
func (s steps) startsWith(pattern steps) bool {
	if len(pattern) > len(s) {
		return false
	}
	for i, step := range pattern {
		if ok, err := globpath.Match(step, s[i]); !ok || err != nil {
			return false
		}
	}
	return true
}

// differ finds the values of a resource that an update changes.
type differ struct {
	// isSet reports whether the list at a path has no order. It is compared as a whole.
	isSet func(steps) bool
	found []steps
}

// differences returns the paths of the values that differ, or that are not known before the
// apply. What is only added or removed is followed to its single values, too.
func differences(before, after, unknown any, isSet func(steps) bool) []steps {
	d := differ{isSet: isSet}
	d.compare(nil, before, after, unknown)
	return d.found
}

func (d *differ) compare(at steps, before, after, unknown any) {
	switch {
	case unknown == true:
		d.found = append(d.found, slices.Clone(at))
	case isOrNil[map[string]any](before, after, unknown):
		d.compareMaps(at, asType[map[string]any](before), asType[map[string]any](after), asType[map[string]any](unknown))
	case isOrNil[[]any](before, after, unknown):
		d.compareLists(at, asType[[]any](before), asType[[]any](after), asType[[]any](unknown))
	case isEmpty(before) && isEmpty(after):
	case !reflect.DeepEqual(before, after):
		d.found = append(d.found, slices.Clone(at))
	}
}

// isEmpty reports whether a value says as much as none: providers return null, false or an
// empty text for the same. A number does not: no count is not a count of 0.
func isEmpty(v any) bool { return v == nil || v == false || v == "" }

func (d *differ) compareMaps(at steps, before, after, unknown map[string]any) {
	keys := map[string]bool{}
	for _, m := range []map[string]any{before, after, unknown} {
		for key := range m {
			keys[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		d.compare(append(at, key), before[key], after[key], unknown[key])
	}
}

func (d *differ) compareLists(at steps, before, after, unknown []any) {
	if d.isSet(at) {
		if hasUnknown(unknown) || !sameElements(before, after) {
			d.found = append(d.found, slices.Clone(at))
		}
		return
	}
	for i := range max(len(before), len(after), len(unknown)) {
		at, found := append(at, strconv.Itoa(i)), len(d.found)
		d.compare(at, element(before, i), element(after, i), element(unknown, i))
		// A block says something even if nothing is set in it, such as the action "block {}".
		if isElement := i < len(before); isElement != (i < len(after)) && len(d.found) == found {
			d.found = append(d.found, slices.Clone(at))
		}
	}
}

// isOrNil reports whether before and after are of type T or missing, and one of them, or
// what marks its unknown values, is there.
func isOrNil[T any](before, after, unknown any) bool {
	found := false
	for _, v := range []any{before, after} {
		if _, ok := v.(T); ok {
			found = true
		} else if v != nil {
			return false
		}
	}
	_, marked := unknown.(T)
	return found || marked
}

func asType[T any](v any) T {
	typed, _ := v.(T)
	return typed
}

func element(list []any, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// sameElements reports whether two lists have the same elements, in any order.
func sameElements(a, b []any) bool {
	if len(a) != len(b) {
		return false
	}
	count := map[string]int{}
	for i := range a {
		count[jsonOf(a[i])]++
		count[jsonOf(b[i])]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// jsonOf returns the canonical text of a value that was read from JSON.
func jsonOf(v any) string {
	text, _ := json.Marshal(v) // it came from JSON: it cannot fail
	return string(text)
}

// hasUnknown reports whether a mark of Terraform's after_unknown says that something in a
// value is not known, or a mark of its sensitive values that something is sensitive.
func hasUnknown(mark any) bool {
	switch m := mark.(type) {
	case bool:
		return m
	case []any:
		return slices.ContainsFunc(m, hasUnknown)
	case map[string]any:
		for _, v := range m {
			if hasUnknown(v) {
				return true
			}
		}
	}
	return false
}

// valueAt returns the value at a path, or nil.
func valueAt(value any, p steps) any {
	for _, step := range p {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil {
				return nil
			}
			value = element(v, i)
		default:
			return nil
		}
	}
	return value
}

// isMarked reports whether a mark covers the value at a path, or something in it.
func isMarked(marks any, p steps) bool {
	for i := range len(p) + 1 {
		mark := valueAt(marks, p[:i])
		if mark == true || i == len(p) && hasUnknown(mark) {
			return true
		}
	}
	return false
}

// unknownAt returns the mark of what is not known at a path: true where something around it
// is unknown as a whole.
func unknownAt(marks any, p steps) any {
	for i := range len(p) {
		if valueAt(marks, p[:i]) == true {
			return true
		}
	}
	return valueAt(marks, p)
}
