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
	for prefix, table := range map[string]struct {
		titles, outcomes []string
		note             string
	}{
		"table": {[]string{"WORKSPACE", "OUTCOME", "CONDITION", "APPLIED AT", "WHEN"}, []string{"applied", "failed", "stale, waiting, drifted", "blocked", "suspended"},
			"apply failed: Error: creating RDS DB Instance: 長い説明が続きます ... (`reconcile runs` has the rest)"},
		"table-ja": {[]string{"ワークスペース", "結果", "状況", "コミット", "日時"}, []string{"適用済み", "失敗", "未反映、確認待ち、ドリフトあり", "確認待ち", "一時停止"},
			"ワークスペース tokyo の適用に失敗しました: Error: creating RDS DB Instance …（全文は `reconcile runs` で表示）"},
	} {
		columns := []Column{{Title: table.titles[0]}, {Title: table.titles[1]}, {Title: table.titles[2]}, {Title: table.titles[3], Rank: 2}, {Title: table.titles[4], Rank: 1}}
		rows := []Row{
			{Cells: []string{"tokyo-ap-A", StyleGood.Render(table.outcomes[0]), "", "3f9c2a1b77", "3m ago"}},
			{Cells: []string{"environments/production/東京/network", StyleBad.Render(table.outcomes[1]), table.outcomes[2], "3f9c2a1b77", "48h ago"}, Notes: []string{table.note}},
			{Cells: []string{"osaka", StyleWait.Render(table.outcomes[3]), table.outcomes[4], "-", "-"}},
		}
		for _, width := range []int{100, 80, 50, 30} {
			var out bytes.Buffer
			PrintTable(&out, width, columns, rows)
			for line := range bytes.Lines(out.Bytes()) {
				if n := ansi.StringWidth(string(bytes.TrimRight(line, "\n"))); n > width {
					t.Errorf("width %d: a line has %d columns: %s", width, n, line)
				}
			}
			compareGolden(t, fmt.Sprintf("%s-%d.txt", prefix, width), ansi.Strip(out.String()))
		}
	}
}

func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
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
		t.Errorf("%s (-want +got): %s", name, diff)
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
