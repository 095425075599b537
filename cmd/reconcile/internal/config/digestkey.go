package config

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/files"
)

// minKeyLength is the minimum length of a digest key, in bytes of its text.
const minKeyLength = 16

// DigestKey is the key that outputs and variables are hashed with.
type DigestKey struct {
	ID  string // made from the key; the record stores it
	Key []byte
}

// DigestKeyReader returns a function that reads the key when it is first called, and
// again after a failure.
func (s *Settings) DigestKeyReader(cfg func() (aws.Config, error)) func(context.Context) (DigestKey, error) {
	return cacheSuccess(func(ctx context.Context) (DigestKey, error) { return s.readDigestKey(ctx, cfg) })
}

// readDigestKey returns the key that outputs and variables are hashed with, and its
// id. It creates a missing key file, but never a secret.
func (s *Settings) readDigestKey(ctx context.Context, cfg func() (aws.Config, error)) (_ DigestKey, err error) {
	if err := s.RequireDigestKey(); err != nil {
		return DigestKey{}, err
	}
	var text string
	if strings.HasPrefix(s.DigestKey, schemeSecret) {
		aws, err := cfg()
		if err != nil {
			return DigestKey{}, err
		}
		value, err := readSecret(ctx, aws, "--digest-key", s.DigestKey)
		if err != nil {
			return DigestKey{}, err
		}
		text = string(value)
	} else if text, err = loadKeyFile(s.DigestKey); err != nil {
		return DigestKey{}, err
	}
	text = strings.TrimSpace(text)
	if len(text) < minKeyLength {
		return DigestKey{}, fmt.Errorf("the digest key %s is shorter than %d characters: use 32 random bytes, as `openssl rand -base64 32` prints", s.DigestKey, minKeyLength)
	}
	sum := sha256.Sum256([]byte("reconcile digest key id\n" + text))
	return DigestKey{hex.EncodeToString(sum[:4]), []byte(text)}, nil
}

// loadKeyFile reads the key file and creates it if it is missing. If several
// processes create it at once, one wins and all use its key.
func loadKeyFile(path string) (string, error) {
	text, err := files.ReadRegular(path, files.MaxConfig)
	if !errors.Is(err, fs.ErrNotExist) {
		return string(text), err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	random := make([]byte, 32)
	_, _ = rand.Read(random) // never fails: see crypto/rand
	key := base64.StdEncoding.EncodeToString(random) + "\n"
	if err := files.Create(path, []byte(key)); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	text, err = files.ReadRegular(path, files.MaxConfig)
	return string(text), err
}
