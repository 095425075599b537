package awstest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// list is v if that is a list, else an empty one.
func list(v any) []any {
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

// or is v, or otherwise what AWS assumes when it is not given.
func or(v, otherwise any) any {
	if v == nil {
		return otherwise
	}
	return v
}

// merge takes over the members that are given.
func merge(into, from map[string]any, members ...string) {
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
	for _, item := range list(v) {
		pair, _ := item.(map[string]any)
		tags[fmt.Sprint(or(pair["Key"], pair["key"]))] = fmt.Sprint(or(or(pair["Value"], pair["value"]), ""))
	}
	return tags
}

// asTags is the list form of tags.
func asTags(tags map[string]string) []any {
	out := []any{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, map[string]any{"Key": key, "Value": tags[key]})
	}
	return out
}

// text is v if that is a string, else "".
func text(v any) string {
	s, _ := v.(string)
	return s
}
