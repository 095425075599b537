package terraform

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Excerpt keeps the beginning and the end of what is written to it, and
// counts what was between: what a program prints takes no more memory than
// that. It is for one goroutine at a time.
type Excerpt struct {
	head      []byte
	tail      []byte // a ring, once it is full; then it begins at next
	ringStart int
	total     int64
	maxHead   int
	maxTail   int
	// secret: it may be cut only where a line ends, since it may hold secrets,
	// which are looked for in lines, later.
	secret bool
}

// NewExcerpt keeps about size bytes, a quarter of them of the beginning. What
// is written to it must be free of secrets.
func NewExcerpt(size int) *Excerpt {
	return &Excerpt{maxHead: size / 4, maxTail: size - size/4}
}

// newSecretExcerpt is for text that secrets have not been taken out of: of a
// line that does not fit, nothing is kept.
func newSecretExcerpt(size int) *Excerpt {
	e := NewExcerpt(size)
	e.secret = true
	return e
}

// Write never fails.
func (e *Excerpt) Write(p []byte) (int, error) {
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

// Len is how many bytes were written.
func (e *Excerpt) Len() int64 { return e.total }

// Bytes returns what is kept, with a line where something was left out.
func (e *Excerpt) Bytes() []byte {
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
	text = fmt.Appendf(text, "[%d bytes left out]\n", omitted)
	return append(text, tail...)
}

// String is Bytes as a string.
func (e *Excerpt) String() string { return string(e.Bytes()) }

// shorten is text free of secrets, of which no more than size is kept.
func shorten(text string, size int) string {
	e := NewExcerpt(size)
	_, _ = e.Write([]byte(text)) // it never fails
	return e.String()
}
