package gitpath

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"env/a":            "env/a",
		"日本/が b.tf":        "日本/が b.tf",
		"か\u3099":          "か\u3099", // in NFD: other bytes, another path
		`a\b`:              `a\b`,
		"\x8e\x91":         `"\x8e\x91"`,
		"a\nb":             `"a\nb"`,
		"\x1b[31m":         `"\x1b[31m"`,
		`"a"`:              `"\"a\""`,
		`"\x8e\x91"`:       `"\"\\x8e\\x91\""`,
		"\ufffd":           "\ufffd",
		"a\u200bb\u202e.x": `"a\u200bb\u202e.x"`,
	} {
		if got := Quote(path); got != want {
			t.Errorf("Quote(%q) = %s, want %s", path, got, want)
		}
	}
}

func FuzzQuote(f *testing.F) {
	for _, path := range []string{"a", "\x8e", `"`, `"a"`, "'", "`a`", "a\\", "\n"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		text := Quote(path)
		if got := Unquote(text); got != path {
			t.Errorf("%q comes back as %q", path, got)
		}
		data, err := json.Marshal(text)
		var back string
		if err != nil || json.Unmarshal(data, &back) != nil || back != text || !utf8.ValidString(text) {
			t.Errorf("%q does not survive JSON: %q", text, back)
		}
		_ = Unquote(path)
	})
}

func TestSortKey(t *testing.T) {
	t.Parallel()
	// The order of `git ls-tree`: the directory "a" lies between the files "a-b" and "a0".
	if !(SortKey("a", false) < SortKey("a-b", false) && SortKey("a-b", false) < SortKey("a", true) && SortKey("a", true) < SortKey("a0", false)) {
		t.Error("a directory is not ordered as a name that ends in a slash")
	}
}

func TestIsWithin(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path, dir string
		want      bool
	}{
		{"a", ".", true}, {".", ".", true}, {"a", "a", true}, {"a/b", "a", true}, {"ab", "a", false}, {"a", "a/b", false}, {".", "a", false},
	} {
		if got := IsWithin(test.path, test.dir); got != test.want {
			t.Errorf("IsWithin(%q, %q) = %t", test.path, test.dir, got)
		}
	}
}
