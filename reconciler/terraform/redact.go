package terraform

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"
)

const (
	redacted  = "(redacted)"
	minSecret = 4 // bytes; what is shorter would blot out half of any text
)

// redactor passes on what is written to it with all known secrets replaced,
// also those that come in several writes. It may hold back as much as could
// still become a secret, until more comes or it is closed.
type redactor struct {
	mu      sync.Mutex
	out     io.Writer
	secrets [][]byte
	held    []byte
	lead    int   // how much of held belongs to a secret that was replaced already
	failed  error // the first of out
}

func newRedactor(out io.Writer) *redactor { return &redactor{out: out} }

// hide makes values known as secrets. Each line of a value is one too, since
// Terraform prints values of several lines with its own indentation; so is
// the value as it stands in a quoted string.
func (r *redactor) hide(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, value := range values {
		quoted, _ := json.Marshal(value)
		forms := append(strings.Split(value, "\n"), value, string(quoted[1:len(quoted)-1]))
		for _, form := range forms {
			form = strings.TrimSpace(form)
			known := slices.ContainsFunc(r.secrets, func(s []byte) bool { return string(s) == form })
			if len(form) >= minSecret && !known {
				r.secrets = append(r.secrets, []byte(form))
			}
		}
	}
}

// text returns s with the secrets replaced.
func (r *redactor) text(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, _, _ := r.split([]byte(s), 0, true)
	return string(clean)
}

func (r *redactor) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, rest, lead := r.split(append(r.held, p...), r.lead, false)
	r.held, r.lead = bytes.Clone(rest), lead
	r.pass(clean)
	return len(p), nil
}

// Close writes what is held back. Its error is the first that there was: a
// log that cannot be written must not stop Terraform in mid-apply.
func (r *redactor) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, _, _ := r.split(r.held, r.lead, true)
	r.held, r.lead = nil, 0
	r.pass(clean)
	return r.failed
}

func (r *redactor) pass(clean []byte) {
	if _, err := r.out.Write(clean); err != nil && r.failed == nil {
		r.failed = err
	}
}

// span is text[from:to].
type span struct{ from, to int }

// split cleans text as far as it can be judged; rest is the end of it that
// may be the beginning of a secret. With last set there is no more to come.
// The first lead bytes of text, and then of rest, were part of a secret that
// has been replaced before.
func (r *redactor) split(text []byte, lead int, last bool) (clean, rest []byte, restLead int) {
	end := len(text)
	if !last {
		end = r.open(text)
	}
	at := 0
	restLead = max(lead-end, 0)
	for _, s := range r.find(text, lead) {
		if s.from >= end {
			break
		}
		clean = append(clean, text[at:s.from]...)
		if s.from > 0 || lead == 0 {
			clean = append(clean, redacted...)
		}
		at = min(s.to, end)
		restLead = s.to - at
	}
	return append(clean, text[at:end]...), text[end:], restLead
}

// find returns where secrets are, sorted, with overlapping ones joined. The
// first lead bytes count as one.
func (r *redactor) find(text []byte, lead int) []span {
	var all []span
	if lead > 0 {
		all = append(all, span{0, lead})
	}
	for _, secret := range r.secrets {
		for at := 0; ; {
			i := bytes.Index(text[at:], secret)
			if i < 0 {
				break
			}
			all = append(all, span{at + i, at + i + len(secret)})
			at += i + 1
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.from - b.from })
	var joined []span
	for _, s := range all {
		if n := len(joined); n > 0 && s.from < joined[n-1].to {
			joined[n-1].to = max(joined[n-1].to, s.to)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// open returns where the longest end of text begins that is the beginning of
// a secret; len(text) when there is none.
func (r *redactor) open(text []byte) int {
	first := len(text)
	for _, secret := range r.secrets {
		for n := min(len(secret)-1, len(text)); n > 0; n-- {
			if len(text)-n < first && bytes.HasPrefix(secret, text[len(text)-n:]) {
				first = len(text) - n
				break
			}
		}
	}
	return first
}
