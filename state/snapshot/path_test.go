package snapshot

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckPath(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "a/b.tf": true, "..a": true, "a..": true, ".github/x": true, ".gitignore": true, "a b": true, "日本": true, "\xff": true, "...": true,
		"": false, "/a": false, "a/": false, "a//b": false, ".": false, "..": false, "a/..": false, "../a": false, "a/./b": false,
		".git": false, "a/.git/hooks": false, ".GIT/config": false, `a\b`: true, "a\x00b": false, strings.Repeat("d/", 2048) + "x": false,
	} {
		if err := checkPath(name); (err == nil) != ok || (err != nil && !errors.Is(err, ErrUnsafe)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestLinks(t *testing.T) {
	for _, test := range []struct {
		name  string
		links links
		ok    bool
	}{
		{"sibling", links{"a": "b"}, true},
		{"up and down again", links{"a/b/c": "../../d"}, true},
		{"the root itself", links{"a/b": ".."}, true},
		{"dangling", links{"a": "nothing/there"}, true},
		{"circle", links{"a": "b", "b": "a"}, true},
		{"itself", links{"a": "a"}, true},
		{"grows without end", links{"a": "a/a/a"}, true},
		{"trailing slash", links{"a": "b/"}, true},
		{"through a link, inside", links{"s/here": ".", "e": "s/here/x"}, true},
		{"out", links{"a": ".."}, false},
		{"out, further", links{"a/b": "../../x"}, false},
		{"out and in again", links{"a": "../tree/x"}, false},
		{"absolute", links{"a": "/etc/passwd"}, false},
		{"empty", links{"a": ""}, false},
		{"backslash", links{"a": `..\x`}, true},
		{"NUL", links{"a": "b\x00"}, false},
		{"through a link, out", links{"s/up": "..", "e": "s/up/../x"}, false},
		{"through two links, out", links{"a/b/up": "../..", "to": "a/b/up", "e": "to/../x"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := test.links.check(); (err == nil) != test.ok || (err != nil && !errors.Is(err, ErrUnsafe)) {
				t.Error(err)
			}
		})
	}
}
