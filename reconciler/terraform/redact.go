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
	mu          sync.Mutex
	out         io.Writer
	secrets     [][]byte
	pending     []byte
	redactedLen int   // how much of held belongs to a secret that was replaced already
	writeErr    error // the first of out
}

func newRedactor(out io.Writer) *redactor { return &redactor{out: out} }

// addSecrets makes values known as secrets. Each line of a value is one too, since
// Terraform prints values of several lines with its own indentation; so is
// the value as it stands in a quoted string.
func (r *redactor) addSecrets(values ...string) {
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

// redactString returns s with the secrets replaced.
func (r *redactor) redactString(s string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, _, _ := r.redact([]byte(s), 0, true)
	return string(clean)
}

func (r *redactor) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, rest, redactedLen := r.redact(append(r.pending, p...), r.redactedLen, false)
	r.pending, r.redactedLen = bytes.Clone(rest), redactedLen
	r.forward(clean)
	return len(p), nil
}

// Close writes what is held back. Its error is the first that there was: a
// log that cannot be written must not stop Terraform in mid-apply.
func (r *redactor) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	clean, _, _ := r.redact(r.pending, r.redactedLen, true)
	r.pending, r.redactedLen = nil, 0
	r.forward(clean)
	return r.writeErr
}

func (r *redactor) forward(clean []byte) {
	if _, err := r.out.Write(clean); err != nil && r.writeErr == nil {
		r.writeErr = err
	}
}

// span is text[from:to].
type span struct{ start, end int }

// redact cleans text as far as it can be judged; rest is the end of it that
// may be the beginning of a secret. With last set there is no more to come.
// The first lead bytes of text, and then of rest, were part of a secret that
// has been replaced before.
func (r *redactor) redact(text []byte, redactedLen int, last bool) (clean, rest []byte, restRedactedLen int) {
	end := len(text)
	if !last {
		end = r.findPartialSecret(text)
	}
	offset := 0
	restRedactedLen = max(redactedLen-end, 0)
	for _, s := range r.findSecrets(text, redactedLen) {
		if s.start >= end {
			break
		}
		clean = append(clean, text[offset:s.start]...)
		if s.start > 0 || redactedLen == 0 {
			clean = append(clean, redacted...)
		}
		offset = min(s.end, end)
		restRedactedLen = s.end - offset
	}
	return append(clean, text[offset:end]...), text[end:], restRedactedLen
}

// findSecrets returns where secrets are, sorted, with overlapping ones joined. The
// first lead bytes count as one.
func (r *redactor) findSecrets(text []byte, redactedLen int) []span {
	var all []span
	if redactedLen > 0 {
		all = append(all, span{0, redactedLen})
	}
	for _, secret := range r.secrets {
		for offset := 0; ; {
			i := bytes.Index(text[offset:], secret)
			if i < 0 {
				break
			}
			all = append(all, span{offset + i, offset + i + len(secret)})
			offset += i + 1
		}
	}
	slices.SortFunc(all, func(a, b span) int { return a.start - b.start })
	var joined []span
	for _, s := range all {
		if n := len(joined); n > 0 && s.start < joined[n-1].end {
			joined[n-1].end = max(joined[n-1].end, s.end)
		} else {
			joined = append(joined, s)
		}
	}
	return joined
}

// findPartialSecret returns where the longest end of text begins that is the beginning of
// a secret; len(text) when there is none.
func (r *redactor) findPartialSecret(text []byte) int {
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
