package workspace

import (
	"strings"
	"testing"
)

// TestDeep loads configuration that would overflow the stack of the parser or of a tree
// walk. An overflow ends the process, so the test only has to reach its end.
func TestDeep(t *testing.T) {
	const n = 1 << 20
	deep := map[string]string{
		"main.tf":      "locals {\n  a = PLACE\n}\n",
		"main.tf.json": `{"locals": {"a": PLACE}}`,
	}
	for name, texts := range map[string][]string{
		"main.tf": {
			strings.Repeat("(", n), strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat("!", n) + "true",
			strings.Repeat("1 +\n", n) + "1", "(" + strings.Repeat("1\n+ ", n) + "1)", strings.Repeat("true ? 1 : ", n) + "1",
			"a" + strings.Repeat("[*]", n), "file(a" + strings.Repeat(".b", n) + ")", strings.Repeat("{ a = ", n) + strings.Repeat("}", n),
		},
		"main.tf.json": {
			strings.Repeat("[", n) + strings.Repeat("]", n), strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n),
			`"${` + strings.Repeat("(", n) + `}"`,
		},
	} {
		for _, text := range texts {
			w := loadText(name, strings.Replace(deep[name], "PLACE", text, 1))
			if w.Err == nil || !strings.Contains(w.Err.Error(), tooDeepText) {
				t.Errorf("%s %.20q…: %v", name, text, w.Err)
			}
		}
	}
}

// TestNotDeep checks that long files do not count as deep ones.
func TestNotDeep(t *testing.T) {
	text := strings.Repeat("# "+strings.Repeat("-", 78)+"\n", 300) +
		strings.Repeat("resource \"x\" \"y\" {\n  a = \"1.2.3.4/32\"\n  b = [1, 2, \"x-${var.a.b[0]}\"]\n}\n", 20000)
	if isTooDeep([]byte(text)) {
		t.Error("a long file is taken for a deep one")
	}
}
