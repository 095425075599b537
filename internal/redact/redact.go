// Package redact replaces secrets in Terraform's output. It knows texts and values, and
// neither sessions nor Terraform.
package redact

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
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

// Writer forwards what is written to it and replaces all known secrets, even if a secret
// spans several writes. It delays text that may be the beginning of a secret until more is
// written or Close is called. It is safe for concurrent use.
type Writer struct {
	key  []byte          // of the fingerprints
	sums map[string]bool // fingerprints of secrets whose values are not known

	mu          sync.Mutex
	out         io.Writer
	secrets     [][]byte
	pending     []byte
	redactedLen int   // length of the pending text that belongs to a secret already replaced
	writeErr    error // the first error of out
}

// New returns a Writer to out that knows no value yet. sums are fingerprints of secrets, made
// with key: AddMatches recognises their values.
func New(out io.Writer, key []byte, sums []string) *Writer {
	w := &Writer{out: out, key: key, sums: map[string]bool{}}
	for _, sum := range sums {
		w.sums[sum] = true
	}
	return w
}

// Fingerprint returns a keyed hash by which a value is recognised where it is read again.
// Without the key the value cannot be recovered from it.
func Fingerprint(key []byte, value string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("sensitive\x00" + value)) // the prefix keeps it apart from outputs' digests
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// AddMatches adds those of the values that have a known fingerprint to the known secrets.
func (w *Writer) AddMatches(values ...string) {
	if len(w.sums) == 0 {
		return
	}
	for _, value := range values {
		if w.sums[Fingerprint(w.key, value)] {
			w.AddSecrets(value)
		}
	}
}

// AddMatchesIn adds those of the lines, quoted strings and words of Terraform's output that
// have a known fingerprint. It is for output of which no plan shows the values read.
func (w *Writer) AddMatchesIn(text []byte) {
	if len(w.sums) > 0 {
		w.AddMatches(tokens(text)...)
	}
}

// AddSecrets adds values to the known secrets. It also adds each line, since Terraform
// indents values of several lines, and the form inside a quoted string.
func (w *Writer) AddSecrets(values ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, value := range values {
		quoted, _ := json.Marshal(value)
		forms := append(strings.Split(value, "\n"), value, string(quoted[1:len(quoted)-1]))
		for _, form := range forms {
			form = strings.TrimSpace(form)
			known := slices.ContainsFunc(w.secrets, func(s []byte) bool { return string(s) == form })
			if len(form) >= minSecret && !known {
				w.secrets = append(w.secrets, []byte(form))
			}
		}
	}
}

// Text returns the text without the known secrets.
func (w *Writer) Text(s string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	clean, _, _ := w.redact([]byte(s), 0, true)
	return string(clean)
}

// Write forwards what is certain not to be a secret. It never fails; Close returns the first
// error of out.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	clean, rest, redactedLen := w.redact(append(w.pending, p...), w.redactedLen, false)
	w.pending, w.redactedLen = bytes.Clone(rest), redactedLen
	w.forward(clean)
	return len(p), nil
}

// Close writes the pending text. It returns the first write error: a failing log must
// not stop Terraform in mid-apply.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	clean, _, _ := w.redact(w.pending, w.redactedLen, true)
	w.pending, w.redactedLen = nil, 0
	w.forward(clean)
	return w.writeErr
}

func (w *Writer) forward(clean []byte) {
	if _, err := w.out.Write(clean); err != nil && w.writeErr == nil {
		w.writeErr = err
	}
}

type span struct{ start, end int }

// redact cleans text as far as it can be decided. rest is the end of the text that may
// be the beginning of a secret; it is empty if last is set. The first redactedLen bytes
// of text (restRedactedLen of rest) belong to a secret already replaced.
func (w *Writer) redact(text []byte, redactedLen int, last bool) (clean, rest []byte, restRedactedLen int) {
	end := len(text)
	if !last {
		end = w.findPartialSecret(text)
	}
	offset := 0
	restRedactedLen = max(redactedLen-end, 0)
	for _, s := range w.findSecrets(text, redactedLen) {
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
func (w *Writer) findSecrets(text []byte, redactedLen int) []span {
	var all []span
	if redactedLen > 0 {
		all = append(all, span{0, redactedLen})
	}
	for _, secret := range w.secrets {
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
func (w *Writer) findPartialSecret(text []byte) int {
	first := len(text)
	for _, secret := range w.secrets {
		for n := min(len(secret)-1, len(text)); n > 0; n-- {
			if len(text)-n < first && bytes.HasPrefix(secret, text[len(text)-n:]) {
				first = len(text) - n
				break
			}
		}
	}
	return first
}

// Strings returns the strings in a decoded JSON value: what may be secret in it.
func Strings(value any) []string {
	switch value := value.(type) {
	case string:
		return []string{value}
	case []any:
		var all []string
		for _, v := range value {
			all = append(all, Strings(v)...)
		}
		return all
	case map[string]any:
		var all []string
		for _, v := range value {
			all = append(all, Strings(v)...)
		}
		return all
	}
	return nil
}
