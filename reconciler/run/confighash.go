package run

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"reconcile/reconciler/workspace"
)

// HashConfig hashes everything except the commit that a decision depends on: discovery
// rules, product, environment, gate, and the values of the variables that the settings
// declare.
func (c *Config) HashConfig(ctx context.Context, env []string) (string, error) {
	values, err := c.HashEnv(ctx, env)
	if err != nil {
		return "", err
	}
	product, err := c.Product(ctx)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{workspace.RulesVersion, c.Environment, values, product, c.Gate})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16]), nil
}

// HashEnv hashes the named environment variables under the digest key, as "KEYID:HMAC".
// It returns "" for no names, so that no key is needed then.
func (c *Config) HashEnv(ctx context.Context, names []string) (string, error) {
	if len(names) == 0 {
		return "", nil
	}
	id, key, err := c.DigestKey(ctx)
	if err != nil {
		return "", fmt.Errorf("digest key: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	for _, name := range names {
		value, set := c.LookupEnv(name)
		if err := json.NewEncoder(mac).Encode([]any{name, set, value}); err != nil {
			return "", err
		}
	}
	return id + ":" + hex.EncodeToString(mac.Sum(nil)[:16]), nil
}
