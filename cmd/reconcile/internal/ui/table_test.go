package ui

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"
)

// TestTable compares tables at three widths with golden files: a narrow terminal loses the least
// useful columns first, names are cut before outcomes are, and wide characters stay aligned.
// UPDATE=1 writes the files.
func TestTable(t *testing.T) {
	columns := []Column{{Title: "WORKSPACE"}, {Title: "OUTCOME"}, {Title: "CONDITION"}, {Title: "APPLIED AT", Rank: 2}, {Title: "WHEN", Rank: 1}}
	rows := []Row{
		{Cells: []string{"tokyo-ap-A", StyleGood.Render("applied"), "", "3f9c2a1b77", "3m ago"}},
		{Cells: []string{"environments/production/東京/network", StyleBad.Render("failed"), "stale, waiting, drifted", "3f9c2a1b77", "48h ago"},
			Notes: []string{"apply failed: Error: creating RDS DB Instance: 長い説明が続きます ... (`reconcile runs` has the rest)"}},
		{Cells: []string{"osaka", StyleWait.Render("blocked"), "suspended", "-", "-"}},
	}
	for _, width := range []int{100, 80, 50, 30} {
		var out bytes.Buffer
		PrintTable(&out, width, columns, rows)
		got := ansi.Strip(out.String())
		for line := range bytes.Lines(out.Bytes()) {
			if n := ansi.StringWidth(string(bytes.TrimRight(line, "\n"))); n > width {
				t.Errorf("width %d: a line has %d columns: %s", width, n, line)
			}
		}
		golden := filepath.Join("testdata", fmt.Sprintf("table-%d.txt", width))
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("width %d (-want +got): %s", width, diff)
		}
	}
}

// TestTableOfEmptyColumn checks that a column in which no row has anything is left out.
func TestTableOfEmptyColumn(t *testing.T) {
	var out bytes.Buffer
	PrintTable(&out, DefaultWidth, []Column{{Title: "A"}, {Title: "B"}, {Title: "C"}}, []Row{{Cells: []string{"", "", "x"}}})
	if got := ansi.Strip(out.String()); got != "A  C\n   x\n" {
		t.Errorf("%q", got)
	}
}
