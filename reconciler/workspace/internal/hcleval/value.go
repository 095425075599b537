package hcleval

import (
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// AsString returns the string value of v and ignores its marks.
func AsString(v cty.Value) (string, bool) {
	if v == cty.NilVal {
		return "", false
	}
	v, _ = v.Unmark()
	if !v.IsKnown() || v.IsNull() || v.Type() != cty.String {
		return "", false
	}
	return v.AsString(), true
}

// IsIterable reports whether the elements of v can be iterated. v itself must be unmarked;
// its elements may be marked.
func IsIterable(v cty.Value) bool {
	return v.IsKnown() && !v.IsNull() && v.CanIterateElements()
}

// IsNull reports whether v is known to be null. It ignores its marks.
func IsNull(v cty.Value) bool {
	v, _ = v.Unmark()
	return v.IsKnown() && v.IsNull()
}

// ScalarText returns a known string, number or bool as text, and "" for anything else.
func ScalarText(v cty.Value) string {
	v, _ = v.UnmarkDeep()
	text, err := convert.Convert(v, cty.String)
	if err != nil || text.IsNull() || !text.IsKnown() {
		return ""
	}
	return text.AsString()
}

// UnknownWithPrefix returns an unknown text that begins with prefix.
func UnknownWithPrefix(prefix string) cty.Value {
	return cty.UnknownVal(cty.String).Refine().NotNull().StringPrefixFull(prefix).NewValue()
}
