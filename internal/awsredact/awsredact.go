// Package awsredact keeps our credentials out of AWS errors. A service that rejects a
// signature may quote the signed request, with the session token in it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
package awsredact

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// placeholder replaces a secret.
const placeholder = "(hidden)"

// RedactErrors makes the clients of a configuration return errors without the text of its
// secret key or session token.
func RedactErrors(cfg *aws.Config) {
	provider := cfg.Credentials
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("HideCredentials",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleInitialize(ctx, in)
				if err != nil && provider != nil {
					// The credentials are in the provider's cache: this sends no request.
					if credentials, unknown := provider.Retrieve(ctx); unknown == nil {
						err = redact(err, credentials)
					}
				}
				return out, metadata, err
			}), middleware.Before)
	})
}

// redact returns err with another text if its text contains a secret.
func redact(err error, credentials aws.Credentials) error {
	text := err.Error()
	redacted := text
	for _, value := range []string{credentials.SecretAccessKey, credentials.SessionToken} {
		if value == "" {
			continue
		}
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
			redacted = strings.ReplaceAll(redacted, form, placeholder)
		}
	}
	if redacted == text {
		return err
	}
	return &redactedError{text: redacted, err: err}
}

// redactedError is an error with a redacted text.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Unwrap returns the original error. Its own text contains the secret.
func (e *redactedError) Unwrap() error { return e.err }
