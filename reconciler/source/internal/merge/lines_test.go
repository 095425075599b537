package merge

import "testing"

// TestLines has the cases by hand; TestMergeAsGit in package source compares drawn ones, and
// whole trees, with Git.
func TestLines(t *testing.T) {
	t.Parallel()
	const base = "1\n2\n3\n4\n5\n"
	tests := []struct {
		name, ours, theirs, want string
		ok                       bool
	}{
		{"one side", base, "1\n2\n3\n4\nfive\n", "1\n2\n3\n4\nfive\n", true},
		{"both, apart", "one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n", "one\n2\n3\n4\nfive\n", true},
		{"both the same", "1\n2\nthree\n4\n5\n", "1\n2\nthree\n4\n5\n", "1\n2\nthree\n4\n5\n", true},
		{"the same line", "1\n2\nthree\n4\n5\n", "1\n2\n3!\n4\n5\n", "", false},
		{"lines that touch", "1\ntwo\n3\n4\n5\n", "1\n2\nthree\n4\n5\n", "", false},
		{"one removes, one changes", "1\n2\n4\n5\n", "1\n2\nthree\n4\n5\n", "", false},
		{"no newline at the end", "1\n2\n3\n4\n5", "one\n2\n3\n4\n5\n", "one\n2\n3\n4\n5", true},
		{"not text", base, base + "\x00", "", false},
	}
	for _, test := range tests {
		if got, ok := mergeLines(base, test.ours, test.theirs); got != test.want || ok != test.ok {
			t.Errorf("%s: %q, %v; want %q, %v", test.name, got, ok, test.want, test.ok)
		}
	}
}
