package env_test

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// costRow is a row of the table of what the tool itself costs: what, number, price of
// one, and the sums of both ways out.
var costRow = regexp.MustCompile(`(?m)^\| ([^|]+) \| ([^|]*) \| ([\d.–]+) \| ([\d.–]+) \| ([\d.–]+) \|$`)

// TestCosts checks the sums of docs/cost.md against their rows, and each row against its
// number and price. Both sums stay under the bounds that were asked for. The READMEs say the
// same.
func TestCosts(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"../docs/cost.md", "../docs/cost.ja.md"} {
		text := readPage(t, page)
		var sums [2]float64
		rows := costRow.FindAllStringSubmatch(text, -1)
		if len(rows) < 12 {
			t.Fatalf("%s: %d rows", page, len(rows))
		}
		for _, row := range rows {
			for i, cell := range row[4:6] {
				value := price(t, cell)
				sums[i] += value
				number, err := strconv.ParseFloat(regexp.MustCompile(`[\d.]+`).FindString(strings.ReplaceAll(row[2], ",", "")), 64)
				if err == nil && value > 0 && math.Abs(number*price(t, row[3])-value) > 0.01 {
					t.Errorf("%s: %s is %g, not %s times %s", page, row[1], value, row[2], row[3])
				}
			}
		}
		if sums[0] >= 25 || sums[1] >= 75 {
			t.Errorf("%s: the tool costs %.2f without and %.2f with a fixed address", page, sums[0], sums[1])
		}
		if want := fmt.Sprintf("**%.2f** | **%.2f**", sums[0], sums[1]); !strings.Contains(text, want) {
			t.Errorf("%s: the rows add up to %s", page, want)
		}
		readme, sentence := "../README.md", fmt.Sprintf("about %.0f USD a month where Backlog has no allow-list, and about %.0f USD with one fixed address", sums[0], sums[1])
		if strings.HasSuffix(page, ".ja.md") {
			readme, sentence = "../README.ja.md", fmt.Sprintf("使っていなければ月に約 %.0f USD、固定 IP アドレスを 1 つ使う場合は約 %.0f USD", sums[0], sums[1])
		}
		if !strings.Contains(readPage(t, readme), sentence) {
			t.Errorf("%s does not say %q", readme, sentence)
		}
	}
}

// price reads a cell; a dash is nothing.
func price(t *testing.T, cell string) float64 {
	t.Helper()
	if cell == "–" {
		return 0
	}
	value, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatal(err)
	}
	return value
}
