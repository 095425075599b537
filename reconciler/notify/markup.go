// Package notify writes the messages for people, in their language and in the markup of
// their project. Package catalog has the texts.
package notify

import (
	"fmt"
	"strings"

	"reconcile/internal/visible"
)

// Format is the markup of a Backlog project: its textFormattingRule.
type Format string

// Formats.
const (
	Markdown Format = "markdown"
	Notation Format = "backlog" // Backlog's own
)

// markup writes one format. Its arguments are plain text: nothing in them can end a block
// or begin another.
type markup interface {
	heading(text string) string
	bold(text string) string
	escape(text string) string
	code(text string) string // a name, a path or a command, in a line
	listItem(marked string) string
	table(header []string, rows [][]string) string // the cells are already marked up
	codeBlock(text string) string                  // keeps the lines unchanged
}

func (f Format) newMarkup() (markup, error) {
	switch f {
	case Markdown:
		return markdown{}, nil
	case Notation:
		return notation{}, nil
	}
	return nil, fmt.Errorf("unknown text format %q: use %s or %s", f, Markdown, Notation)
}

type markdown struct{}

// markdownEscaper escapes everything that has a meaning in a line of Markdown.
var markdownEscaper = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "|", `\|`,
)

func (markdown) heading(text string) string {
	return "## " + markdownEscaper.Replace(visible.Line(text))
}
func (markdown) bold(text string) string {
	return "**" + markdownEscaper.Replace(visible.Line(text)) + "**"
}
func (markdown) escape(text string) string     { return markdownEscaper.Replace(visible.Line(text)) }
func (markdown) listItem(marked string) string { return "- " + marked }

// code uses a fence with more backticks than any sequence in the text. Without them a name that
// is quoted for the shell could become a command, where people copy it.
func (markdown) code(text string) string {
	text = pipeEscaper.Replace(visible.Name(text))
	fence, space := "`", ""
	for strings.Contains(text, fence) {
		fence, space = fence+"`", " " // a reader of Markdown takes these spaces away
	}
	return fence + space + text + space + fence
}

// pipeEscaper keeps a pipe from ending the cell of a table. Behind a backslash of the text's own
// it would be no escaped one.
var pipeEscaper = strings.NewReplacer(`\|`, `\ \|`, "|", `\|`)

func (markdown) table(header []string, rows [][]string) string {
	lines := []string{tableRow(header, "|"), "|" + strings.Repeat("---|", len(header))}
	for _, cells := range rows {
		lines = append(lines, tableRow(cells, "|"))
	}
	return strings.Join(lines, "\n")
}

// codeBlock uses a fence with more backticks than any sequence in the text.
func (markdown) codeBlock(text string) string {
	text = visible.Text(text)
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "\n" + strings.TrimRight(text, "\n") + "\n" + fence
}

type notation struct{}

// notationEscaper breaks up the markers of Backlog's notation, which has no escape
// character.
var notationEscaper = strings.NewReplacer("|", "｜", "''", "' '", "%%", "% %", "[[", "[ [", "{", "｛", "&", "＆")

func (notation) heading(text string) string {
	return "** " + notationEscaper.Replace(visible.Line(text))
}
func (notation) bold(text string) string {
	return "''" + notationEscaper.Replace(visible.Line(text)) + "''"
}
func (notation) escape(text string) string     { return notationEscaper.Replace(visible.Line(text)) }
func (notation) listItem(marked string) string { return "- " + marked }

// code returns escaped text: this format has no inline code.
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
