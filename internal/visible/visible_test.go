package visible

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"tokyo-ap-A":            "tokyo-ap-A",
		"東京 本番\n次\t表":           "東京 本番\n次\t表",
		"a\x1b[2Jb":             `a\x1b[2Jb`,
		"a\rb":                  `a\x0db`,
		"file\u202excod.exe":    `file\u202excod.exe`,
		"zero\u200bwidth\ufeff": `zero\u200bwidth\ufeff`,
		"tag\U000e0041":         `tag\U000e0041`,
		"filler\u3164\u115f":    `filler\u3164\u115f`,
		"line\u2028paragraph":   `line\u2028paragraph`,
		"next\u0085line":        `next\u0085line`,
		"\x8e\x91\x97\xbf.txt":  `\x8e\x91\x97\xbf.txt`,
		"variation\ufe0f":       `variation\ufe0f`,
		"soft\u00adhyphen":      `soft\u00adhyphen`,
		"isolate\u2066x\u2069":  `isolate\u2066x\u2069`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if got := Line("one\n two\t\tthree"); got != "one two three" {
		t.Errorf("%q", got)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for name, mark := range map[string]string{
		"tokyo-ap-A":         "",
		"東京ap":               "",
		"カタカナとひらがな漢字ABC":     "",
		"서울-ap":              "",
		"стейджинг":          "",
		"tоkyo":              " (mixes Latin and Cyrillic letters)", // the first o is Cyrillic
		"τokyo":              " (mixes Latin and Greek letters)",
		"東京о":                " (mixes Cyrillic and Japanese letters)",
		"production-1_2.3/x": "",
	} {
		if got := Name(name); got != name+mark {
			t.Errorf("%q: %q, want the mark %q", name, got, mark)
		}
	}
}

func TestWriter(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"\x1b[32mapplied\x1b[0m  tokyo\n": "\x1b[32mapplied\x1b[0m  tokyo\n",
		"\x1b[1;31mbad\x1b[m":             "\x1b[1;31mbad\x1b[m",
		"\x1b[8mhidden":                   `\x1b[8mhidden`,
		"\x1b]0;title\x07":                `\x1b]0;title\x07`,
		"\x1b[2J\x1b[H":                   `\x1b[2J\x1b[H`,
		"a\u202eb":                        `a\u202eb`,
	} {
		var b bytes.Buffer
		if n, err := NewWriter(&b).Write([]byte(text)); b.String() != want || n != len(text) || err != nil {
			t.Errorf("%q: %q (%d, %v), want %q", text, b.String(), n, err, want)
		}
	}
}

// TestJSONWriter checks that the output parses to the same values and hides nothing.
func TestJSONWriter(t *testing.T) {
	t.Parallel()
	value := "a\u202eb\x1b\u200b\U000e0041\u2028東京\n"
	var b bytes.Buffer
	if err := json.NewEncoder(NewJSONWriter(&b)).Encode(value); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsFunc(b.String(), isHidden) {
		t.Errorf("hidden characters in %q", b.String())
	}
	var got string
	if err := json.Unmarshal(b.Bytes(), &got); err != nil || got != value {
		t.Errorf("%q, %v, want %q", got, err, value)
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\x1b[0m\u202e\xff")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Text(text); !isPlain(got) {
			t.Errorf("%q became %q", text, got)
		}
		if isPlain(text) && Text(text) != text {
			t.Errorf("%q was changed", text)
		}
	})
}
