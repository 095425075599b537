package redact

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		secrets    []string
		text, want string
	}{
		"no secrets":         {nil, "plain", "plain"},
		"one":                {[]string{"hunter2"}, "pw=hunter2.", "pw=(redacted)."},
		"twice":              {[]string{"hunter2"}, "hunter2hunter2", "(redacted)(redacted)"},
		"too short":          {[]string{"abc", ""}, "abc", "abc"},
		"one in another":     {[]string{"abcd", "abcdefgh"}, "x abcdefgh y abcd", "x (redacted) y (redacted)"},
		"overlapping":        {[]string{"abcdef", "defghi"}, "abcdefghi", "(redacted)"},
		"nearly":             {[]string{"abcdef"}, "abcde abcdeabcdef", "abcde abcde(redacted)"},
		"lines, indented":    {[]string{"first line\nsecond line"}, "  first line\n  second line", "  (redacted)"},
		"a line of many":     {[]string{"first line\nsecond line"}, "+ first line\n+ other", "+ (redacted)\n+ other"},
		"broken at a space":  {[]string{"correct horse battery"}, "│ is correct horse\n│ battery, so\n", "│ is (redacted), so\n"},
		"broken in a word":   {[]string{"correct-horse"}, "x (local-exec): is correct-\nx (local-exec): horse.\n", "x (local-exec): is (redacted).\n"},
		"key in a prefix":    {[]string{"hunter2"}, "a\nx[\"hunter2\"] (local-exec): b\nx[\"hunter2\"] (local-exec): hunter2\n", "a\nx[\"(redacted)\"] (local-exec): b\nx[\"(redacted)\"] (local-exec): (redacted)\n"},
		"runs of space":      {[]string{"correct  horse"}, "is correct \t horse.", "is (redacted)."},
		"colours inside":     {[]string{"hunter2"}, "\x1b[31mhun\x1b[1mter2\x1b[0m.", "\x1b[31m(redacted)\x1b[0m."},
		"colours and break":  {[]string{"correct horse"}, "is \x1b[1mcorrect\x1b[0m\n\x1b[31m│\x1b[0m horse.", "is \x1b[1m(redacted)."},
		"base64":             {[]string{"pa/ss?word>"}, "a cGEvc3M/d29yZD4= b cGEvc3M_d29yZD4 c cGEvc3M/d29yZD4K", "a (redacted) b (redacted) c (redacted)"},
		"in a URL":           {[]string{"pa/ss w@rd"}, "a pa%2Fss+w%40rd b pa%2fss%20w%40rd c pa%2Fss%20w@rd", "a (redacted) b (redacted) c (redacted)"},
		"JSON, escaped":      {[]string{"a<b>&\"c\""}, `a\u003cb\u003e\u0026\"c\" a<b>&\"c\"`, "(redacted) (redacted)"},
		"a template":         {[]string{"a${b}c"}, `"a$${b}c"`, `"(redacted)"`},
		"three characters":   {[]string{"日本語"}, "日本語", "日本語"},
		"four characters":    {[]string{"日本語版"}, "日本語版", "(redacted)"},
		"JSON of PHP":        {[]string{"pä/ss😀"}, `p\u00e4\/ss\ud83d\ude00 p\u00e4/ss\ud83d\ude00`, "(redacted) (redacted)"},
		"JavaScript's URL":   {[]string{"pa ss!(1)"}, "a pa%20ss!(1) b pa%20ss%21%281%29", "a (redacted) b (redacted)"},
		"URLs of others":     {[]string{"a/b~c d&e='f'é"}, "a/b~c%20d%26e%3D%27f%27%C3%A9 a%2fb%7ec+d%26e%3d%27f%27%c3%a9 a/b~c%20d&e='f'%C3%A9 a/b~c%20d&e=%27f%27%C3%A9", "(redacted) (redacted) (redacted) (redacted)"},
		"base64, broken":     {[]string{"a secret that is longer than a line"}, "YSBzZWNyZXQgdGhhdCBp\ncyBsb25nZXIgdGhhbiBhIGxpbmU=\n", "(redacted)\n"},
		"words of JSON":      {[]string{"true", "null"}, "true null", "true null"},
		"in a quoted value":  {[]string{`pass"word\`}, `x = "pass\"word\\"`, `x = "(redacted)"`},
		"after a cut colour": {[]string{"abcd", "1wxyz"}, "\x1b[abcd \x1b[31wxyz\x1b[0m", "\x1b[(redacted) \x1b[3(redacted)\x1b[0m"},
		"of itself":          {[]string{"aaaa"}, "aaaaaaa", "(redacted)"},
	} {
		t.Run(name, func(t *testing.T) {
			r := New(&bytes.Buffer{}, nil, nil)
			r.AddSecrets(c.secrets...)
			if got := r.Text(c.text); got != c.want {
				t.Errorf("text: %q, want %q", got, c.want)
			}
			for n := 1; n <= len(c.text); n++ {
				if got := redactInPieces(c.text, n, c.secrets...); got != c.want {
					t.Errorf("in pieces of %d: %q, want %q", n, got, c.want)
				}
			}
		})
	}
}

// redactInPieces redacts a text in writes of n bytes.
func redactInPieces(text string, n int, secrets ...string) string {
	var out bytes.Buffer
	r := New(&out, nil, nil)
	r.AddSecrets(secrets...)
	lines := r.Lines()
	for i := 0; i < len(text); i += n {
		lines.Write([]byte(text[i:min(i+n, len(text))]))
	}
	lines.Flush()
	r.Close()
	return out.String()
}

func FuzzRedact(f *testing.F) {
	f.Add("abcd", "cdef", "xabcdefabcd", 3)
	f.Add("ab cd", "a\nbcd", "ab\n│ cd\x1b[1m ab\ncd", 2)
	f.Fuzz(func(t *testing.T, one, two, text string, n int) {
		if n < 1 {
			return
		}
		got := redactInPieces(text, n, one, two)
		if !slices.Contains([]string{"true", "false", "null"}, one) && !strings.Contains(redacted, one) && !hasSpace(one) && strings.Contains(markReplacements(got), one) {
			t.Errorf("%q is left in %q", one, got)
		}
		whole := New(&bytes.Buffer{}, nil, nil)
		whole.AddSecrets(one, two)
		if want := whole.Text(text); got != want {
			t.Errorf("in pieces %q, whole %q", got, want)
		}
	})
}

// markReplacements marks the replacements, so that a replacement and its neighbours are not
// taken for a secret.
func markReplacements(text string) string { return strings.ReplaceAll(text, redacted, "\x00\x00\x00") }

// hasSpace reports whether s is not redacted exactly as it is.
func hasSpace(s string) bool {
	return normalize(s) != s || strings.Contains(s, "\x00") || utf8.RuneCountInString(s) < minSecret
}

// TestWithinBase64: a header of basic authentication has a user's name before the password. At most
// four bits of the secret are left at each of its ends.
func TestWithinBase64(t *testing.T) {
	t.Parallel()
	const secret = "Correct?>horse~battery"
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		for _, before := range []string{"u:", "us:", "usr:", "user:"} {
			for _, after := range []string{"", "\n", "@x", "@xyz"} {
				header := "Authorization: Basic " + encoding.EncodeToString([]byte(before+secret+after))
				got := Text(header, secret)
				begin, end, found := strings.Cut(strings.TrimPrefix(got, "Authorization: Basic "), "(redacted)")
				if !found || len(begin) > encoding.EncodedLen(len(before)) || len(end) > encoding.EncodedLen(len(after))+3 {
					t.Errorf("%q became %q", header, got)
				}
			}
		}
	}
	if got := Text("c2VjcmV0 and c2Vj", "secr"); got != "c2VjcmV0 and c2Vj" {
		t.Errorf("of a short secret: %q", got)
	}
}

// TestLongLineIsLeftOut: a line that is too long to search is omitted completely. A part of
// it could contain a part of a secret.
func TestLongLineIsLeftOut(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := New(&out, nil, nil)
	w.AddSecrets("hunter2")
	l := w.Lines()
	long := strings.Repeat("x", maxLine) + "hunter2"
	fmt.Fprintf(l, "one hunter2\n%s", long)
	fmt.Fprintf(l, "%s\ntwo hunt", long)
	fmt.Fprint(l, "er2")
	l.Flush()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("one (redacted)\n[a line of %d bytes omitted]\ntwo (redacted)", 2*len(long))
	if got := out.String(); got != want {
		t.Errorf("%.200q, want %q", got, want)
	}
	fmt.Fprint(l, long)
	l.Flush()
	if cap(l.partialLine) > 2*maxLine {
		t.Errorf("%d bytes are held of a line", cap(l.partialLine))
	}
}
