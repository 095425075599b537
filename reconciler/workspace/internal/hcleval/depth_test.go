package hcleval

import (
	"strings"
	"testing"
)

// TestNotDeep checks that long files do not count as deep ones.
func TestNotDeep(t *testing.T) {
	text := strings.Repeat("# "+strings.Repeat("-", 78)+"\n", 300) +
		strings.Repeat("resource \"x\" \"y\" {\n  a = \"1.2.3.4/32\"\n  b = [1, 2, \"x-${var.a.b[0]}\"]\n}\n", 20000)
	if isTooDeep([]byte(text)) {
		t.Error("a long file is taken for a deep one")
	}
}
