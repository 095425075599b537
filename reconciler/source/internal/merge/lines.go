package merge

import (
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
)

// mergeLines merges two sides' changes of a text. Changes that touch each other are a
// conflict, as in Git, unless both sides produce the same text. A text with a NUL byte has no
// lines.
func mergeLines(base, ours, theirs string) (merged string, ok bool) {
	if strings.ContainsRune(base+ours+theirs, 0) {
		return "", false
	}
	a, b := udiff.Lines(base, ours), udiff.Lines(base, theirs)
	var out strings.Builder
	offset := 0 // how much of base is written
	for len(a) > 0 || len(b) > 0 {
		var p hunk
		p.moveToFirst(a, b)
		na, nb := p.grow(a, b)
		oursText, theirsText := p.apply(base, a[:na]), p.apply(base, b[:nb])
		out.WriteString(base[offset:p.start])
		switch {
		case nb == 0 || oursText == theirsText:
			out.WriteString(oursText)
		case na == 0:
			out.WriteString(theirsText)
		default:
			return "", false
		}
		offset, a, b = p.end, a[na:], b[nb:]
	}
	out.WriteString(base[offset:])
	return out.String(), true
}

// hunk is a part of base that is covered by changes which touch each other.
type hunk struct{ start, end int }

// moveToFirst sets the hunk to the first change of either side.
func (h *hunk) moveToFirst(a, b []udiff.Edit) {
	first := a
	if len(a) == 0 || len(b) > 0 && b[0].Start < a[0].Start {
		first = b
	}
	h.start, h.end = first[0].Start, first[0].Start
}

// grow extends the hunk until no further change of either side touches it. It returns the
// number of changes of each side in the hunk.
func (h *hunk) grow(a, b []udiff.Edit) (na, nb int) {
	for grown := true; grown; {
		grown = false
		for ; na < len(a) && a[na].Start <= h.end; na++ {
			h.end, grown = max(h.end, a[na].End), true
		}
		for ; nb < len(b) && b[nb].Start <= h.end; nb++ {
			h.end, grown = max(h.end, b[nb].End), true
		}
	}
	return na, nb
}

// apply returns the text of the hunk after the changes.
func (h *hunk) apply(base string, edits []udiff.Edit) string {
	var out strings.Builder
	offset := h.start
	for _, e := range edits {
		out.WriteString(base[offset:e.Start])
		out.WriteString(e.New)
		offset = e.End
	}
	out.WriteString(base[offset:h.end])
	return out.String()
}
