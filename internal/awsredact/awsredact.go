// Package awsredact keeps our credentials out of the errors of AWS. A service
// that finds a signature wrong may quote the request as it was signed, with the
// session token in it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
package awsredact

import (
	"context"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// hidden stands in place of a secret.
const hidden = "(hidden)"

// Protect makes the clients of a configuration return errors whose text holds
// neither its secret key nor its session token.
func Protect(cfg *aws.Config) {
	provider := cfg.Credentials
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("HideCredentials",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleInitialize(ctx, in)
				if err != nil && provider != nil {
					// They are in the provider's cache: nothing is asked.
					if used, unknown := provider.Retrieve(ctx); unknown == nil {
						err = hide(err, used)
					}
				}
				return out, metadata, err
			}), middleware.Before)
	})
}

// hide returns err with another text, if that holds what must be hidden.
func hide(err error, used aws.Credentials) error {
	text := err.Error()
	clean := text
	for _, value := range []string{used.SecretAccessKey, used.SessionToken} {
		if value == "" {
			continue
		}
		for _, form := range []string{value, url.QueryEscape(value), url.PathEscape(value)} {
			clean = strings.ReplaceAll(clean, form, hidden)
		}
	}
	if clean == text {
		return err
	}
	return &redacted{text: clean, err: err}
}

// redacted is an error that is told in other words.
type redacted struct {
	text string
	err  error
}

func (e *redacted) Error() string { return e.text }

// Unwrap returns the error itself. Its own text holds what is hidden here.
func (e *redacted) Unwrap() error { return e.err }
