package config

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/cmd/reconcile/internal/usage"
	"reconcile/internal/files"
	"reconcile/internal/secret"
	"reconcile/reconciler/backlog/webhook"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gitwire"
)

// ReadGitCredentials reads the credentials that --git-credentials names. Without a
// setting they are empty: then ssh uses the agent.
func (s *Settings) ReadGitCredentials(ctx context.Context, cfg func() (aws.Config, error)) (gitwire.Credentials, error) {
	if file, ok := strings.CutPrefix(s.GitCredentials, prefixSSHKey); ok {
		return gitwire.Credentials{KeyFile: file}, nil
	}
	if !strings.HasPrefix(s.GitCredentials, schemeSecret) {
		return gitwire.Credentials{Username: secret.Text(s.GitUsername), Password: s.GitPassword}, nil
	}
	aws, err := cfg()
	if err != nil {
		return gitwire.Credentials{}, err
	}
	value, err := readSecret(ctx, aws, "--git-credentials", s.GitCredentials)
	if err != nil {
		return gitwire.Credentials{}, err
	}
	credentials, err := parseCredentials(value)
	if err != nil {
		return credentials, fmt.Errorf("%s: %w", s.GitCredentials, err)
	}
	return credentials, nil
}

// parseCredentials reads a secret: JSON with username and password, or with
// private_key (and perhaps username), or a private key as it is. Errors
// do not contain the value.
func parseCredentials(value secret.Text) (gitwire.Credentials, error) {
	text := strings.TrimSpace(string(value))
	if strings.HasPrefix(text, "-----BEGIN ") {
		return gitwire.Credentials{PrivateKey: secret.Text(text + "\n")}, nil
	}
	var fields struct {
		Username   string `json:"username"`
		Password   string `json:"password"`
		PrivateKey string `json:"private_key"`
	}
	if json.Unmarshal([]byte(text), &fields) != nil {
		return gitwire.Credentials{}, errors.New("secret is neither JSON nor a private key; expected " + secretFormat)
	}
	if fields.PrivateKey == "" && (fields.Username == "" || fields.Password == "") {
		return gitwire.Credentials{}, errors.New("secret lacks a field; expected " + secretFormat)
	}
	c := gitwire.Credentials{Username: secret.Text(fields.Username), Password: secret.Text(fields.Password)}
	if fields.PrivateKey != "" {
		c.PrivateKey = secret.Text(strings.TrimSpace(fields.PrivateKey) + "\n")
	}
	return c, nil
}

const secretFormat = `{"username": …, "password": …}, {"private_key": …} or a private key in PEM`

// UsesBacklog reports whether a setting of Backlog's API is set.
func (s *Settings) UsesBacklog() bool {
	return s.Backlog != "" || s.BacklogCredentials != "" || s.BacklogAPIKey != "" || s.notifiesBacklog()
}

// ReadBacklogKey reads the API key or the OAuth token that the settings name.
func (s *Settings) ReadBacklogKey(ctx context.Context, cfg func() (aws.Config, error)) (key, token secret.Text, err error) {
	if !strings.HasPrefix(s.BacklogCredentials, schemeSecret) {
		if s.BacklogAPIKey == "" {
			return "", "", usage.Errorf("set "+envBacklogKey+", or --backlog-credentials secretsmanager://NAME", "no API key of Backlog")
		}
		return s.BacklogAPIKey, "", nil
	}
	aws, err := cfg()
	if err != nil {
		return "", "", err
	}
	value, err := readSecret(ctx, aws, "--backlog-credentials", s.BacklogCredentials)
	if err != nil {
		return "", "", err
	}
	text := strings.TrimSpace(string(value))
	if !strings.HasPrefix(text, "{") {
		return secret.Text(text), "", nil
	}
	var fields struct {
		APIKey string `json:"api_key"`
		Token  string `json:"token"`
	}
	if json.Unmarshal([]byte(text), &fields) != nil || (fields.APIKey == "") == (fields.Token == "") {
		return "", "", errors.New(s.BacklogCredentials + `: the secret takes an API key, {"api_key": …} or {"token": …}`)
	}
	return secret.Text(fields.APIKey), secret.Text(fields.Token), nil
}

// WebhookTokenReader returns a function that reads the token that callers must send.
func (s *Settings) WebhookTokenReader() (func(context.Context) (secret.Text, error), error) {
	const right = "set " + envWebhookToken + " to a long random text, or to secretsmanager://NAME"
	location := string(s.WebhookToken)
	switch {
	case location == "" || location == schemeSecret:
		return nil, usage.Errorf(right, "--webhook needs a token that callers must know")
	case !strings.HasPrefix(location, schemeSecret):
		return func(context.Context) (secret.Text, error) { return secret.Text(location), nil }, nil
	}
	return webhook.CacheToken(func(ctx context.Context) (secret.Text, error) {
		cfg, err := loadAWS(ctx)
		if err != nil {
			return "", err
		}
		value, err := readSecret(ctx, cfg, envWebhookToken, location)
		return secret.Text(strings.TrimSpace(string(value))), err
	}), nil
}

// ReadSigners reads the allowed signers of the tip; nil: no signature is required.
func (s *Settings) ReadSigners() (*source.Signers, error) {
	if s.Signers == "" {
		return nil, nil
	}
	text, err := files.ReadRegular(s.Signers, files.MaxConfig)
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
