package visible

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"

	"reconcile/internal/lazyregexp"
)

// colourSequence matches an escape sequence that only sets colours and weight. Conceal (8)
// and blink (5) are not in it, so that it cannot hide text.
var colourSequence = lazyregexp.New(`^\x1b\[(?:(?:0|1|2|22|39|3[0-7]|9[0-7])(?:;(?:0|1|2|22|39|3[0-7]|9[0-7]))*)?m`)

// NewWriter returns a writer that escapes as Text does, but keeps the program's own
// colours. Each Write should contain whole characters and whole colour sequences.
func NewWriter(w io.Writer) io.Writer { return &writer{w, escapeForTerminal} }

// NewJSONWriter returns a writer as NewWriter does, for JSON: format characters become JSON
// escapes, so that a parser reads the same values.
func NewJSONWriter(w io.Writer) io.Writer { return &writer{w, escapeJSON} }

type writer struct {
	out     io.Writer
	convert func(string) string
}

// Unwrap returns what is written to.
func (w *writer) Unwrap() io.Writer { return w.out }

// Write implements io.Writer. It returns the number of bytes of its argument.
func (w *writer) Write(p []byte) (int, error) {
	text := string(p)
	if isPlain(text) {
		return w.out.Write(p)
	}
	if _, err := io.WriteString(w.out, w.convert(text)); err != nil {
		return 0, err
	}
	return len(p), nil
}

func escapeForTerminal(text string) string {
	var b strings.Builder
	for len(text) > 0 {
		plain, rest, found := strings.Cut(text, "\x1b")
		b.WriteString(Text(plain))
		if !found {
			break
		}
		rest = "\x1b" + rest
		if sequence := colourSequence().FindString(rest); sequence != "" {
			b.WriteString(sequence)
			text = rest[len(sequence):]
			continue
		}
		b.WriteString(`\x1b`)
		text = rest[1:]
	}
	return b.String()
}

func escapeJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case !isHidden(r) || unicode.IsControl(r): // JSON itself escapes control characters
			b.WriteRune(r)
		case r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
