package redact

import (
	"bytes"
	"fmt"

	"reconcile/internal/lazyregexp"
)

// maxLine is the maximum length of a line in bytes.
const maxLine = 1 << 20

// Lines forwards whole lines to a Writer, after the Writer has looked in them for values with
// known fingerprints. An apply can read values that no plan shows, if the read was deferred.
// Whole lines keep stdout and stderr from splitting each other's secrets; a line that is too
// long is omitted.
type Lines struct {
	writer       *Writer
	partialLine  []byte // the beginning of a line
	omittedBytes int    // bytes of an omitted line
}

// Lines returns a new writer of whole lines to w. Flush must be called in the end.
func (w *Writer) Lines() *Lines { return &Lines{writer: w} }

// Write forwards the lines that are complete. It never fails.
func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	if l.omittedBytes > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			l.omittedBytes += n
			return n, nil
		}
		l.omittedBytes += end
		l.Flush()
		p = p[end+1:]
	}
	if end := bytes.LastIndexByte(p, '\n') + 1; end > 0 {
		l.forward(append(l.partialLine, p[:end]...))
		l.partialLine, p = nil, p[end:]
	}
	l.partialLine = append(l.partialLine, p...)
	if len(l.partialLine) > maxLine {
		l.omittedBytes, l.partialLine = len(l.partialLine), nil
	}
	return n, nil
}

// Flush forwards the last line, which has no newline.
func (l *Lines) Flush() {
	l.forward(l.partialLine)
	if l.omittedBytes > 0 {
		l.forward(fmt.Appendf(nil, "[a line of %d bytes omitted]\n", l.omittedBytes))
	}
	l.partialLine, l.omittedBytes = nil, 0
}

func (l *Lines) forward(text []byte) {
	l.writer.AddMatchesIn(text)
	_, _ = l.writer.Write(text)
}

var tokenPattern = lazyregexp.New(`[^\s"'\x60]+`)

// tokens returns the lines, quoted strings and words of Terraform's output. A quoted string may
// have a line break of Terraform in it.
func tokens(text []byte) []string {
	var all []string
	addQuoted := func(text []byte) {
		for _, part := range bytes.Split(text, []byte{'"'}) {
			all = append(all, string(part))
		}
	}
	var unwrapped []byte
	for line := range bytes.Lines(colourPattern().ReplaceAll(text, nil)) {
		line = bytes.TrimSpace(bytes.TrimLeft(line, "│ "))
		unwrapped = append(append(unwrapped, line...), ' ')
		all = append(all, string(line))
		addQuoted(line)
		for _, word := range tokenPattern().FindAll(line, -1) {
			all = append(all, string(word), string(bytes.TrimRight(word, ".,:;)")))
		}
	}
	addQuoted(unwrapped)
	return all
}
