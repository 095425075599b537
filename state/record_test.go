package state

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestDirName(t *testing.T) {
	t.Parallel()
	a, b := DirName("example.com/P/estate@main"), DirName("example.com/Q/estate@main")
	if a == b || !strings.HasPrefix(a, "estate-main-") || !strings.HasPrefix(b, "estate-main-") {
		t.Errorf("%s, %s", a, b)
	}
	if DirName("a/b") == DirName("a_b") {
		t.Error("the name is not one record's alone")
	}
	for _, name := range []string{"..", "/", "@@", "日本"} {
		if got := DirName(name); filepath.Base(got) != got || strings.HasPrefix(got, ".") {
			t.Errorf("DirName(%q) = %q", name, got)
		}
	}
}

func TestDescribeHolder(t *testing.T) {
	t.Parallel()
	if got := describeHolder(LeaseItem{}); got != "it is not in the record any more" {
		t.Error(got)
	}
	if got := describeHolder(LeaseItem{Run: "run-b"}); !strings.HasPrefix(got, "run run-b holds the lease") {
		t.Error(got)
	}
}
