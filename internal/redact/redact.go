// Package redact replaces secrets in texts: in Terraform's output, and in errors that quote
// a request. It knows texts and values, and neither sessions nor services.
package redact

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"reconcile/internal/excerpt"
)

// Writer forwards what is written to it and replaces all known secrets: also encoded, broken
// over lines, or with colours inside, and even if a secret spans several writes. It delays
// text that may be the beginning of a secret until more is written or Close is called. The
// time is linear in the text. It is safe for concurrent use.
type Writer struct {
	mu             sync.Mutex
	key            []byte          // of the fingerprints
	sums           map[string]bool // fingerprints of secrets whose values are not known; never changed in place
	out            io.Writer
	patterns       map[string]bool // the forms of all secrets, as a stream reads them
	hasNewPatterns bool            // patterns has more than the matcher
	stream         stream
	heldText       *excerpt.Buffer // what is written while it is held; nil: nothing is held
	writeErr       error           // the first error of out
}

// New returns a Writer to out that knows no value yet. sums are fingerprints of secrets, made
// with key: AddMatches recognises their values.
func New(out io.Writer, key []byte, sums []string) *Writer {
	w := &Writer{out: out, key: key, sums: map[string]bool{}, patterns: map[string]bool{}, stream: stream{matcher: newMatcher(nil)}}
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

// AddFingerprints adds fingerprints of secrets, which are made with key as all others are.
func (w *Writer) AddFingerprints(key []byte, sums []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(sums) == 0 {
		return
	}
	w.key = key
	all := maps.Clone(w.sums) // AddMatches may be reading the old ones
	for _, sum := range sums {
		all[sum] = true
	}
	w.sums = all
}

// HasFingerprints reports whether a fingerprint is known.
func (w *Writer) HasFingerprints() bool { _, sums := w.fingerprints(); return len(sums) > 0 }

// fingerprints returns the known fingerprints, and their key.
func (w *Writer) fingerprints() (key []byte, sums map[string]bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.key, w.sums
}

// AddMatches adds those of the values that have a known fingerprint to the known secrets.
func (w *Writer) AddMatches(values ...string) {
	key, sums := w.fingerprints()
	if len(sums) == 0 {
		return
	}
	for _, value := range values {
		if sums[Fingerprint(key, value)] {
			w.AddSecrets(value)
		}
	}
}

// AddMatchesIn adds those of the lines, quoted strings and words of Terraform's output that
// have a known fingerprint. It is for output with values that no plan shows.
func (w *Writer) AddMatchesIn(text []byte) {
	if w.HasFingerprints() {
		w.AddMatches(tokens(text)...)
	}
}

// AddSecrets adds values to the known secrets. Values of less than four characters are left
// out: they are in any text.
func (w *Writer) AddSecrets(values ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, value := range values {
		for _, form := range forms(value) {
			pattern := normalize(form)
			if utf8.RuneCountInString(pattern) >= minSecret && !w.patterns[pattern] {
				w.patterns[pattern], w.hasNewPatterns = true, true
			}
		}
	}
}

// normalize returns a secret as a stream reads it: without colours, and each run of white
// space as one space.
func normalize(secret string) string { return strings.Join(strings.Fields(StripColours(secret)), " ") }

// Text returns the text without the known secrets.
func (w *Writer) Text(s string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.learn()
	alone := stream{matcher: w.stream.matcher}
	return string(alone.writeLast([]byte(s)))
}

// Text returns a text without the secrets, like Writer.Text.
func Text(text string, secrets ...string) string {
	w := New(io.Discard, nil, nil)
	w.AddSecrets(secrets...)
	return w.Text(text)
}

// Error returns an error with the text of err without the secrets; err itself if its text
// has none. It wraps err, whose own text still has them.
func Error(err error, secrets ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	clean := Text(text, secrets...)
	if clean == text {
		return err
	}
	return &redactedError{text: clean, err: err}
}

// redactedError is an error with a redacted text.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

// Write forwards what is certain not to be a secret. It never fails; Close returns the first
// error of out.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heldText != nil {
		return w.heldText.Write(p)
	}
	w.learn()
	w.forward(w.stream.write(p))
	return len(p), nil
}

// Hold keeps what is written, about size bytes of it, until Release is called: until the
// secrets in it are known.
func (w *Writer) Hold(size int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heldText == nil {
		w.heldText = excerpt.NewSecret(size)
	}
}

// Release forwards what is held.
func (w *Writer) Release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.heldText != nil {
		w.learn()
		w.forward(w.stream.write(w.heldText.Bytes()))
		w.heldText = nil
	}
}

// Drop forgets what is held.
func (w *Writer) Drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heldText = nil
}

// Close writes the pending text, and drops what is still held. It returns the first write
// error: a failing log must not stop Terraform in mid-apply.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.learn()
	w.forward(w.stream.writeLast(nil))
	return w.writeErr
}

// learn gives the stream all patterns.
func (w *Writer) learn() {
	if w.hasNewPatterns {
		w.hasNewPatterns = false
		w.stream.use(newMatcher(slices.Sorted(maps.Keys(w.patterns))))
	}
}

func (w *Writer) forward(clean []byte) {
	if _, err := w.out.Write(clean); err != nil && w.writeErr == nil {
		w.writeErr = err
	}
}
