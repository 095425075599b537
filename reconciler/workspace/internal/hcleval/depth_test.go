package hcleval

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Long files and long flat lists do not count as deep ones; brackets and chains of operators
// do, also where commas or lines are between.
func TestIsTooDeep(t *testing.T) {
	t.Parallel()
	const many = maxDepth + 1
	for name, c := range map[string]struct {
		text string
		deep bool
	}{
		"a long file": {strings.Repeat("# "+strings.Repeat("-", 78)+"\n", 300) +
			strings.Repeat("resource \"x\" \"y\" {\n  a = \"1.2.3.4/32\"\n  b = [1, 2, \"x-${var.a.b[0]}\"]\n}\n", 20000), false},
		"a flat list of calls":       {"a = [" + strings.Repeat(`file("${path.module}/../../files/a-b-c/d-e.f.json"), `, 5000) + "]\n", false},
		"a flat call of calls":       {"a = concat(" + strings.Repeat(`[file("${path.module}/../../a-b-c/d-e-f.json")], `, 5000) + "[])\n", false},
		"parentheses":                {"a = " + strings.Repeat("(", many), true},
		"a chain":                    {"a = 1" + strings.Repeat("+1", many) + "\n", true},
		"a chain of calls":           {"a = 1" + strings.Repeat("+f(1, 2)", many) + "\n", true},
		"a chain over lines":         {"a = (1" + strings.Repeat("\n+1", many) + ")\n", true},
		"a chain of indexes":         {"a = b" + strings.Repeat("[0]", many) + "\n", true},
		"calls in the last argument": {"a = " + strings.Repeat("f(1, ", many), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := isTooDeep([]byte(c.text), hclsyntax.LexConfig); got != c.deep {
				t.Errorf("too deep: %t", got)
			}
		})
	}
}
