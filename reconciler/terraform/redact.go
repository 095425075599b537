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
	minSecret = 4 // bytes; a shorter secret would redact half of any text
)

// redactor forwards what is written to it and replaces all known secrets, even if a
// secret spans several writes. It delays text that may be the beginning of a secret
// until more is written or Close is called.
type redactor struct {
	mu          sync.Mutex
	out         io.Writer
	secrets     [][]byte
	pending     []byte
	redactedLen int   // length of the pending text that belongs to a secret already replaced
	writeErr    error // the first error of out
}

func newRedactor(out io.Writer) *redactor { return &redactor{out: out} }

// addSecrets adds values to the known secrets. It also adds each line, since Terraform
// indents values of several lines, and the form inside a quoted string.
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

// Close writes the pending text. It returns the first write error: a failing log must
// not stop Terraform in mid-apply.
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

type span struct{ start, end int }

// redact cleans text as far as it can be decided. rest is the end of the text that may
// be the beginning of a secret; it is empty if last is set. The first redactedLen bytes
// of text (restRedactedLen of rest) belong to a secret already replaced.
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

// findSecrets returns the positions of secrets, sorted, with overlaps joined. The first
// redactedLen bytes count as a secret.
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

// findPartialSecret returns the start of the longest suffix of text that begins a
// secret, or len(text).
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
