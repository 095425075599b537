// Package notify writes what people are told: in their language, and in the
// markup of the project that they read it in. The texts are in catalog.
package notify

import (
	"fmt"
	"strings"

	"reconcile/internal/visible"
)

// Format is how texts are marked up in a Backlog project: its
// textFormattingRule.
type Format string

// Formats.
const (
	Markdown Format = "markdown"
	Notation Format = "backlog" // Backlog's own
)

// markup writes one format. What is handed to it is plain text, and comes out
// as such: nothing in it can end a block or begin another.
type markup interface {
	heading(text string) string
	bold(text string) string
	code(text string) string // in a line: a name, a path, a command
	listItem(marked string) string
	table(header []string, rows [][]string) string // of marked cells
	codeBlock(text string) string                  // lines as they are
}

func (f Format) newMarkup() (markup, error) {
	switch f {
	case Markdown:
		return markdown{}, nil
	case Notation:
		return notation{}, nil
	}
	return nil, fmt.Errorf("text format %q is not known: there are %s and %s", f, Markdown, Notation)
}

type markdown struct{}

// markdownEscaper escapes what Markdown would take for more than text in a line.
var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`,
)

func (markdown) heading(text string) string {
	return "## " + markdownEscaper.Replace(visible.Line(text))
}
func (markdown) bold(text string) string {
	return "**" + markdownEscaper.Replace(visible.Line(text)) + "**"
}
func (markdown) listItem(marked string) string { return "- " + marked }

func (markdown) code(text string) string {
	text = strings.NewReplacer("`", "'", "|", `\|`).Replace(visible.Name(text))
	return "`" + text + "`"
}

func (markdown) table(header []string, rows [][]string) string {
	lines := []string{tableRow(header, "|"), "|" + strings.Repeat("---|", len(header))}
	for _, cells := range rows {
		lines = append(lines, tableRow(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

// codeBlock is fenced by more backticks than the text has in a row.
func (markdown) codeBlock(text string) string {
	text = visible.Text(text)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + strings.TrimRight(text, "\n") + "\n" + fence
}

type notation struct{}

// notationEscaper puts apart what Backlog would take for one of its signs.
var notationEscaper = strings.NewReplacer("|", "｜", "''", "' '", "%%", "% %", "[[", "[ [", "{", "｛", "&", "＆")

func (notation) heading(text string) string {
	return "** " + notationEscaper.Replace(visible.Line(text))
}
func (notation) bold(text string) string {
	return "''" + notationEscaper.Replace(visible.Line(text)) + "''"
}
func (notation) listItem(marked string) string { return "- " + marked }

// code has no sign of its own in this format.
func (notation) code(text string) string {
	return notationEscaper.Replace(visible.Name(text))
}

func (notation) table(header []string, rows [][]string) string {
	lines := []string{tableRow(header, "|h")}
	for _, cells := range rows {
		lines = append(lines, tableRow(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

func (notation) codeBlock(text string) string {
	text = strings.ReplaceAll(visible.Text(text), "{/code}", "{ /code}")
	return "{code}\n" + strings.TrimRight(text, "\n") + "\n{/code}"
}

func tableRow(cells []string, end string) string { return "|" + strings.Join(cells, "|") + end }
