package ui

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/rivo/uniseg"

	"reconcile/internal/lazyregexp"
)

// PadRight adds spaces to a text up to a width in columns: a Japanese character has two.
func PadRight(text string, width int) string {
	return text + strings.Repeat(" ", max(width-ansi.StringWidth(text), 0))
}

// minRoom is the least width for a text beside its label. A narrower terminal has the label on
// a line of its own, and the text below it.
const minRoom = 18

// PrintWrapped writes text in lines of at most width columns: the first after
// indent, the others under it.
func PrintWrapped(w io.Writer, width int, indent, text string) {
	PrintHanging(w, width, 0, indent, text)
}

// PrintHanging does what PrintWrapped does on a line that already has column columns.
func PrintHanging(w io.Writer, width, column int, indent, text string) {
	margin := column + ansi.StringWidth(indent)
	if width-margin < minRoom {
		indent = printLabel(w, width, column, indent)
		margin = ansi.StringWidth(indent)
	}
	room := max(width-margin, minWidth/2)
	for n, line := range strings.Split(wrap(strings.TrimSpace(text), room), "\n") {
		if n > 0 {
			indent = strings.Repeat(" ", margin)
		}
		fmt.Fprintln(w, strings.TrimRight(indent+line, " "))
	}
}

// printLabel writes what stands before a text that has no room beside it, and returns the indent
// of the text. An arrow stays before its text.
func printLabel(w io.Writer, width, column int, indent string) string {
	const below = "    "
	label := strings.TrimSpace(indent)
	switch {
	case label == "":
		return below
	case ansi.StringWidth(label) == 1:
		return below + label + " "
	}
	start := strings.Repeat(" ", min(ansi.StringWidth(indent)-ansi.StringWidth(strings.TrimLeft(indent, " ")), len(below)/2))
	fmt.Fprintln(w, start+strings.ReplaceAll(wrap(label, width-column-len(start)), "\n", "\n"+below))
	return below
}

// shellWord is a word of a command line, with what is quoted in it.
var shellWord = lazyregexp.New(`(?:'[^']*'|\S)+`)

// PrintExample writes the line of an example. If it is too wide, its remark stands above it, and
// it goes on after a backslash, between words, so that it can be copied.
func PrintExample(w io.Writer, width int, line string) {
	if ansi.StringWidth(line) <= width {
		fmt.Fprintln(w, line)
		return
	}
	if command, remark, found := strings.Cut(line, " # "); found {
		PrintWrapped(w, width, "  # ", remark)
		line = strings.TrimRight(command, " ")
	}
	const start = "  "
	column := 0
	var b strings.Builder
	for _, word := range shellWord().FindAllString(line, -1) {
		if column > 0 && column+1+ansi.StringWidth(word)+len(start)+len(" \\") > width {
			b.WriteString(" \\\n" + start + start)
			column = len(start)
		} else if column > 0 {
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += ansi.StringWidth(word)
	}
	fmt.Fprintln(w, start+b.String())
}

// wrap breaks the lines of a text that are wider than width columns. Japanese has no spaces:
// such lines are broken where the Unicode standard allows it (UAX 14).
func wrap(text string, width int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case ansi.StringWidth(line) <= width:
		case ansi.StringWidth(line) == len([]rune(ansi.Strip(line))):
			lines[i] = ansi.Wrap(line, width, " ")
		default:
			lines[i] = wrapWide(line, width)
		}
	}
	return strings.Join(lines, "\n")
}

func wrapWide(line string, width int) string {
	var b strings.Builder
	column := 0
	for line != "" {
		var unit string
		unit, line = cutUnit(line, width)
		text := strings.TrimRight(unit, " ")
		if column > 0 && column+ansi.StringWidth(text) > width {
			b.WriteString("\n")
			column = 0
		}
		b.WriteString(text)
		if column += ansi.StringWidth(unit); column <= width {
			b.WriteString(unit[len(text):])
		}
	}
	return b.String()
}

// cutUnit returns the beginning of a text up to the first place where a line may be broken. The
// standard also allows places within paths and flags, which stay whole here if they fit.
func cutUnit(text string, width int) (unit, rest string) {
	state := -1
	for rest = text; rest != ""; {
		segment, next, _, nextState := uniseg.FirstLineSegmentInString(rest, state)
		if unit != "" && ansi.StringWidth(unit+segment) > width {
			break
		}
		unit, rest, state = unit+segment, next, nextState
		last, _ := utf8.DecodeLastRuneInString(unit)
		first, _ := utf8.DecodeRuneInString(rest)
		if last == ' ' || isWide(last) || isWide(first) {
			break
		}
	}
	return unit, rest
}

func isWide(r rune) bool { return ansi.StringWidth(string(r)) > 1 }
