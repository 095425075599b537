package source

import (
	"cmp"
	"log/slog"
)

// Credentials prove who we are to a remote. They print as redacted,
// whatever the verb.
type Credentials struct {
	Username string
	Password string // for https; for ssh where the server takes passwords
	// PrivateKey (PEM) or KeyFile for ssh; if both are empty, the agent.
	PrivateKey []byte
	KeyFile    string
}

const redacted = "[redacted]"

func (c Credentials) String() string               { return redacted }
func (c Credentials) GoString() string             { return redacted }
func (c Credentials) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (c Credentials) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// fillFrom fills what is empty from other.
func (c Credentials) fillFrom(other Credentials) Credentials {
	c.Username = cmp.Or(c.Username, other.Username)
	c.Password = cmp.Or(c.Password, other.Password)
	return c
}
