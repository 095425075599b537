package awstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// asList returns v if it is a list, else an empty list.
func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// newID returns a new UUID, as AWS uses for ids.
func newID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	h := hex.EncodeToString(random)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// orDefault returns v, or AWS's default if v is not given.
func orDefault(v, fallback any) any {
	if v == nil {
		return fallback
	}
	return v
}

// copyMembers copies the members that are given.
func copyMembers(into, from map[string]any, members ...string) {
	for _, member := range members {
		if v, ok := from[member]; ok && v != nil {
			into[member] = v
		}
	}
}

// tagsOf reads a list of tags; the member names may be upper or lower case.
func tagsOf(v any) map[string]string {
	tags := map[string]string{}
	for _, item := range asList(v) {
		pair, _ := item.(map[string]any)
		tags[fmt.Sprint(orDefault(pair["Key"], pair["key"]))] = fmt.Sprint(orDefault(orDefault(pair["Value"], pair["value"]), ""))
	}
	return tags
}

// toTags returns tags as a list.
func toTags(tags map[string]string) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": key, "Value": tags[key]})
	}
	return out
}

// asString returns v if it is a string, else "".
func asString(v any) string {
	s, _ := v.(string)
	return s
}
