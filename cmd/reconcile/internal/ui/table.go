package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Column is a column of a table.
type Column struct {
	Title string
	// Rank says how soon a narrow terminal loses the column: the greatest first; 0: never.
	Rank int
}

// Row is a line of a table, with notes below it.
type Row struct {
	Cells []string
	Notes []string
}

// columnGap is the space between two columns, and minName what is left of names that are cut.
const (
	columnGap = 2
	minName   = 8
)

// PrintTable writes rows under a header in aligned columns. Columns in which no row has
// anything are left out. Where the terminal is too narrow, the columns of the greatest rank are
// left out one by one; then the first column, which has names, is cut, and at last the lines.
func PrintTable(w io.Writer, width int, columns []Column, rows []Row) {
	shown := chooseColumns(width, columns, rows)
	widths := columnWidths(columns, rows)
	if over := tableWidth(widths, shown) - width; over > 0 && len(shown) > 1 {
		widths[shown[0]] = max(widths[shown[0]]-over, min(widths[shown[0]], minName))
	}
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.Title
	}
	fmt.Fprintln(w, StyleFaint.Render(formatLine(header, widths, shown, width)))
	for _, r := range rows {
		fmt.Fprintln(w, formatLine(r.Cells, widths, shown, width))
		for _, note := range r.Notes {
			PrintWrapped(w, width, "  ", note)
		}
	}
}

func formatLine(cells []string, widths, shown []int, width int) string {
	var b strings.Builder
	for _, i := range shown {
		cell := cells[i]
		if i == shown[0] {
			cell = ansi.Truncate(cell, widths[i], "…")
		}
		b.WriteString(cell)
		b.WriteString(strings.Repeat(" ", max(widths[i]-ansi.StringWidth(cell), 0)+columnGap))
	}
	return ansi.Truncate(strings.TrimRight(b.String(), " "), width, "…")
}

// chooseColumns returns the numbers of the columns that a terminal of that width shows.
func chooseColumns(width int, columns []Column, rows []Row) []int {
	widths := columnWidths(columns, rows)
	var shown []int
	for i := range columns {
		if i == 0 || slices.ContainsFunc(rows, func(r Row) bool { return r.Cells[i] != "" }) {
			shown = append(shown, i)
		}
	}
	for tableWidth(widths, shown) > width {
		worst := slices.MaxFunc(shown, func(a, b int) int { return columns[a].Rank - columns[b].Rank })
		if columns[worst].Rank == 0 {
			break
		}
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == worst })
	}
	return shown
}

func columnWidths(columns []Column, rows []Row) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = ansi.StringWidth(c.Title)
		for _, r := range rows {
			widths[i] = max(widths[i], ansi.StringWidth(r.Cells[i]))
		}
	}
	return widths
}

func tableWidth(widths, shown []int) int {
	total := -columnGap
	for _, i := range shown {
		total += widths[i] + columnGap
	}
	return total
}
