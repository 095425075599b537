package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"reconcile/internal/secret"
	"reconcile/reconciler/source/gitwire"
)

// gitCredentials reads the credentials that --git-credentials names. Without a
// setting they are empty: then ssh uses the agent.
func (s *settings) gitCredentials(ctx context.Context, cfg func() (aws.Config, error)) (gitwire.Credentials, error) {
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
