// Package secret holds texts that must not be shown: passwords, keys and tokens.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Redacted stands where a secret would be.
const Redacted = "(redacted)"

// Text is a secret. Redacted stands for it in every print, log, text and JSON. There is
// one exception: as the key of a map, JSON shows it. string(t) is the secret itself.
type Text string

// String returns Redacted.
func (Text) String() string { return Redacted }

// Format writes Redacted. Without it a verb that is not for texts, such as %d, would show
// the secret.
func (Text) Format(w fmt.State, _ rune) { _, _ = io.WriteString(w, Redacted) }

// LogValue returns Redacted.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }

// MarshalText returns Redacted.
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
