package source

import (
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
)

// mergeLines merges what two sides made of a text. Changes that touch each
// other are a conflict, as they are for Git, unless both made the same of
// that place. A text with a NUL byte has no lines.
func mergeLines(base, ours, theirs string) (merged string, ok bool) {
	if strings.ContainsRune(base+ours+theirs, 0) {
		return "", false
	}
	a, b := udiff.Lines(base, ours), udiff.Lines(base, theirs)
	var out strings.Builder
	at := 0 // how far of base is written
	for len(a) > 0 || len(b) > 0 {
		var p place3
		p.start(a, b)
		na, nb := p.grow(a, b)
		mine, other := p.apply(base, a[:na]), p.apply(base, b[:nb])
		out.WriteString(base[at:p.from])
		switch {
		case nb == 0 || mine == other:
			out.WriteString(mine)
		case na == 0:
			out.WriteString(other)
		default:
			return "", false
		}
		at, a, b = p.to, a[na:], b[nb:]
	}
	out.WriteString(base[at:])
	return out.String(), true
}

// place3 is a part of base that changes which touch each other cover.
type place3 struct{ from, to int }

// start puts the place at the first change of either side.
func (p *place3) start(a, b []udiff.Edit) {
	first := a
	if len(a) == 0 || len(b) > 0 && b[0].Start < a[0].Start {
		first = b
	}
	p.from, p.to = first[0].Start, first[0].Start
}

// grow widens the place until no further change of either side touches it,
// and returns how many of each lie in it.
func (p *place3) grow(a, b []udiff.Edit) (na, nb int) {
	for grown := true; grown; {
		grown = false
		for ; na < len(a) && a[na].Start <= p.to; na++ {
			p.to, grown = max(p.to, a[na].End), true
		}
		for ; nb < len(b) && b[nb].Start <= p.to; nb++ {
			p.to, grown = max(p.to, b[nb].End), true
		}
	}
	return na, nb
}

// apply is what changes make of the place.
func (p *place3) apply(base string, edits []udiff.Edit) string {
	var out strings.Builder
	at := p.from
	for _, e := range edits {
		out.WriteString(base[at:e.Start])
		out.WriteString(e.New)
		at = e.End
	}
	out.WriteString(base[at:p.to])
	return out.String()
}
