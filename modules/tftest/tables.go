package tftest

import (
	"os"
	"strings"
	"testing"
)

const tablesEnd = "<!-- To here. -->\n"

// CheckTables compares the text between two marker lines of a file with tables, or
// writes it. The first marker names the folder whose tests write it.
func CheckTables(t testing.TB, path, folder, tables string, write bool) {
	t.Helper()
	command := "go test ./" + folder + " -update"
	first := "<!-- Written by `" + command + "` from here on. -->\n"
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have := string(content)
	from, to := strings.Index(have, first), strings.Index(have, tablesEnd)
	if from < 0 || to < from {
		t.Fatalf("%s has no lines %q and %q", path, first, tablesEnd)
	}
	want := have[:from+len(first)] + tables + have[to:]
	switch {
	case want == have:
	case write:
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the tables in %s are out of date: run %s", path, command)
	}
}
