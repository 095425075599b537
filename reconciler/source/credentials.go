package source

import (
	"cmp"

	"reconcile/internal/secret"
)

// Credentials authenticate reconcile to a remote. Their secrets print as redacted.
type Credentials struct {
	Username secret.Text // some servers take a token as the user name
	Password secret.Text // for https, and for ssh servers that accept passwords
	// PrivateKey (PEM) or KeyFile is used for ssh; if both are empty, the SSH agent.
	PrivateKey secret.Text
	KeyFile    string // path of a private key
}

// fillFrom fills empty fields from other.
func (c Credentials) fillFrom(other Credentials) Credentials {
	c.Username = cmp.Or(c.Username, other.Username)
	c.Password = cmp.Or(c.Password, other.Password)
	return c
}
