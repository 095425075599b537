package backlog

import "log/slog"

// Secret is an API key, a token or another value that must not be shown: it
// prints, logs and marshals as a placeholder.
type Secret string

const redacted = "(redacted)"

func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
