package main

import "log/slog"

// secret is a value that must not be shown. It prints, logs and marshals as a
// placeholder.
type secret string

const redacted = "(redacted)"

func (secret) String() string               { return redacted }
func (secret) GoString() string             { return redacted }
func (secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
