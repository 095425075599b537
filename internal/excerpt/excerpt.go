// Package excerpt keeps a bounded part of what a program prints, and of lists.
package excerpt

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Buffer stores the beginning and the end of what is written to it, and counts the
// bytes between. Memory use is thus bounded, whatever a program prints. It is not safe
// for concurrent use.
type Buffer struct {
	head      []byte
	tail      []byte // a ring buffer once full; it starts at ringStart
	ringStart int
	total     int64
	maxHead   int
	maxTail   int
	// secret means that the text may contain secrets, which are searched for later,
	// line by line. The text may therefore be cut only at the end of a line.
	secret bool
}

// New returns a Buffer of about size bytes, a quarter of them for the beginning. The text
// written to it must contain no secrets.
func New(size int) *Buffer {
	return &Buffer{maxHead: size / 4, maxTail: size - size/4}
}

// NewSecret returns a Buffer for text that is not yet redacted. It drops a line that does
// not fit.
func NewSecret(size int) *Buffer {
	e := New(size)
	e.secret = true
	return e
}

// Write appends p. It never returns an error.
func (e *Buffer) Write(p []byte) (int, error) {
	n := len(p)
	e.total += int64(n)
	fits := min(n, e.maxHead-len(e.head))
	e.head = append(e.head, p[:fits]...)
	p = p[fits:]
	if len(p) > e.maxTail {
		p = p[len(p)-e.maxTail:]
	}
	fits = min(len(p), e.maxTail-len(e.tail))
	e.tail = append(e.tail, p[:fits]...)
	for p = p[fits:]; len(p) > 0; {
		copied := copy(e.tail[e.ringStart:], p)
		e.ringStart = (e.ringStart + copied) % e.maxTail
		p = p[copied:]
	}
	return n, nil
}

// Len returns the number of bytes written.
func (e *Buffer) Len() int64 { return e.total }

// Bytes returns the stored text, with a line that marks what was omitted.
func (e *Buffer) Bytes() []byte {
	tail := append(bytes.Clone(e.tail[e.ringStart:]), e.tail[:e.ringStart]...)
	if e.total == int64(len(e.head)+len(tail)) {
		return append(bytes.Clone(e.head), tail...)
	}
	head := e.head[:bytes.LastIndexByte(e.head, '\n')+1]
	if end := bytes.IndexByte(tail, '\n'); end >= 0 {
		tail = tail[end+1:]
	} else if e.secret {
		tail = nil
	}
	if len(head) == 0 && !e.secret {
		head = e.head
	}
	for len(tail) > 0 && !utf8.RuneStart(tail[0]) {
		tail = tail[1:]
	}
	omitted := e.total - int64(len(head)+len(tail))
	text := bytes.Clone(head)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(text, '\n')
	}
	text = fmt.Appendf(text, "[%d bytes omitted]\n", omitted)
	return append(text, tail...)
}

// String returns Bytes as a string.
func (e *Buffer) String() string { return string(e.Bytes()) }

// Shorten returns at most about size bytes of a text that contains no secrets.
func Shorten(text string, size int) string {
	e := New(size)
	_, _ = e.Write([]byte(text)) // Write never fails
	return e.String()
}

// Cut returns at most limit characters of a text; "…" is the last one if it was longer.
func Cut(text string, limit int) string {
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}

// List returns the first items of a list in a line, at most that many, and says how many more
// there are.
func List(items []string, limit int) string {
	if more := len(items) - limit; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:limit], ", "), more)
	}
	return strings.Join(items, ", ")
}
