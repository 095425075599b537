package gittree

import (
	"bytes"
	"strings"
	"testing"
)

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a\x00" + strings.Repeat("x", 20)))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseTree(data)
		if err != nil {
			return
		}
		for _, e := range list.entries {
			unsafe := e.Name == "" || e.Name == "." || e.Name == ".." || strings.ContainsAny(e.Name, "/\x00") || strings.EqualFold(e.Name, ".git")
			if unsafe && e.Problem == "" {
				t.Errorf("name %q", e.Name)
			}
		}
		if list.canonical && !bytes.Equal(EncodeTree(list.entries), data) {
			t.Errorf("%q is not what its entries make", data)
		}
	})
}
