package awstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// asList is v if that is a list, else an empty one.
func asList(v any) []any {
	l, _ := v.([]any)
	return l
}

// newID makes an id as AWS does, in the form of a UUID.
func newID() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // it never fails
	h := hex.EncodeToString(random)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// orDefault is v, or otherwise what AWS assumes when it is not given.
func orDefault(v, fallback any) any {
	if v == nil {
		return fallback
	}
	return v
}

// copyMembers takes over the members that are given.
func copyMembers(into, from map[string]any, members ...string) {
	for _, member := range members {
		if v, ok := from[member]; ok && v != nil {
			into[member] = v
		}
	}
}

// tagsOf reads the list form of tags, whether its members are written large
// or small.
func tagsOf(v any) map[string]string {
	tags := map[string]string{}
	for _, item := range asList(v) {
		pair, _ := item.(map[string]any)
		tags[fmt.Sprint(orDefault(pair["Key"], pair["key"]))] = fmt.Sprint(orDefault(orDefault(pair["Value"], pair["value"]), ""))
	}
	return tags
}

// toTags is the list form of tags.
func toTags(tags map[string]string) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": key, "Value": tags[key]})
	}
	return out
}

// asString is v if that is a string, else "".
func asString(v any) string {
	s, _ := v.(string)
	return s
}
