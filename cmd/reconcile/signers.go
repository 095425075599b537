package main

import (
	"bytes"
	"fmt"
	"os"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/reconciler/source"
)

// readSigners reads the allowed signers of the tip; nil: no signature is required.
func (s *settings) readSigners() (*source.Signers, error) {
	if s.Signers == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.Signers)
	if err != nil {
		return nil, fmt.Errorf("--signers: %w", err)
	}
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, usage.Errorf("put those in it whose signature is trusted, as ssh-keygen(1) describes under ALLOWED SIGNERS, or PGP public keys", "--signers %s is empty", s.Signers)
	case bytes.Contains(text, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")):
		return &source.Signers{Keyring: text}, nil
	}
	return &source.Signers{AllowedSigners: text}, nil
}
