package backlog

import "log/slog"

// Secret is an API key, a token or another secret. It prints, logs and marshals as a
// placeholder.
type Secret string

const redactedText = "(redacted)"

func (Secret) String() string               { return redactedText }
func (Secret) GoString() string             { return redactedText }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redactedText) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redactedText), nil }
