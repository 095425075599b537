package excerpt

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestExcerpt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secret     bool
		text, want string
	}{
		"nothing":                      {false, "", ""},
		"what fits":                    {false, "0123456789abcdef", "0123456789abcdef"},
		"beginning and end":            {false, "ab\ncd\nef\ngh\nij\nkl\nmn\n", "ab\n[9 bytes omitted]\nij\nkl\nmn\n"},
		"a long line at the end":       {false, "ab\n" + strings.Repeat("x", 20), "ab\n[8 bytes omitted]\n" + strings.Repeat("x", 12)},
		"one long line":                {false, strings.Repeat("x", 20), "xxxx\n[4 bytes omitted]\n" + strings.Repeat("x", 12)},
		"no half of a character":       {false, "ab\nc" + strings.Repeat("日", 10), "ab\n[19 bytes omitted]\n日日日日"},
		"no half of a line":            {true, "ab\n" + strings.Repeat("x", 20) + "\nyz\n", "ab\n[21 bytes omitted]\nyz\n"},
		"nothing of one long line":     {true, strings.Repeat("x", 20), "[20 bytes omitted]\n"},
		"nothing of a long last line":  {true, "ab\n" + strings.Repeat("x", 20), "ab\n[20 bytes omitted]\n"},
		"nothing of a long first line": {true, strings.Repeat("x", 20) + "\nyz\n", "[21 bytes omitted]\nyz\n"},
	} {
		for n := 1; n <= len(c.text)+1; n++ {
			e := New(16)
			e.secret = c.secret
			for i := 0; i < len(c.text); i += n {
				e.Write([]byte(c.text[i:min(i+n, len(c.text))]))
			}
			if got := e.String(); got != c.want {
				t.Errorf("%s, in pieces of %d: %q, want %q", name, n, got, c.want)
			}
		}
	}
}

// FuzzExcerpt checks that memory use is bounded, and that every stored line was written.
func FuzzExcerpt(f *testing.F) {
	f.Add("first\nsecond\nthird\n", 16, 5)
	f.Add("日本語\n", 4, 1)
	f.Fuzz(func(t *testing.T, text string, size, n int) {
		if size < 4 || size > 1<<10 || n < 1 {
			return
		}
		e := NewSecret(size)
		for i := 0; i < len(text); i += n {
			e.Write([]byte(text[i:min(i+n, len(text))]))
		}
		if len(e.head)+len(e.tail) > size || e.Len() != int64(len(text)) {
			t.Fatalf("%d bytes held of %d", len(e.head)+len(e.tail), e.Len())
		}
		got := e.String()
		if len(text) <= size && utf8.ValidString(text) && got != text {
			t.Fatalf("%q became %q", text, got)
		}
		for line := range strings.Lines(got) {
			if utf8.ValidString(text) && !strings.Contains("\n"+text, "\n"+line) && !strings.HasSuffix(line, " bytes omitted]\n") {
				t.Fatalf("%q is no line of %q", line, text)
			}
		}
	})
}

func TestCut(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{"": "", "東京1": "東京1", "東京…": "東京12"} {
		if got := Cut(text, 3); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for want, items := range map[string][]string{"": nil, "a": {"a"}, "a, b": {"a", "b"}, "a, b and 2 more": {"a", "b", "c", "d"}} {
		if got := List(items, 2); got != want {
			t.Errorf("%v: %q, want %q", items, got, want)
		}
	}
}
