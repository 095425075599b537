package source

import (
	"cmp"
	"log/slog"
)

// Credentials authenticate reconcile to a remote. They print as redacted with every
// formatting verb.
type Credentials struct {
	Username string
	Password string // for https, and for ssh servers that accept passwords
	// PrivateKey (PEM) or KeyFile is used for ssh; if both are empty, the SSH agent.
	PrivateKey []byte
	KeyFile    string
}

const redacted = "[redacted]"

func (c Credentials) String() string               { return redacted }
func (c Credentials) GoString() string             { return redacted }
func (c Credentials) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (c Credentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// fillFrom fills empty fields from other.
func (c Credentials) fillFrom(other Credentials) Credentials {
	c.Username = cmp.Or(c.Username, other.Username)
	c.Password = cmp.Or(c.Password, other.Password)
	return c
}
