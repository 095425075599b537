// Package awsredact keeps our credentials out of AWS errors. A service that rejects a
// signature may quote the signed request, with the session token in it
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html).
package awsredact

import (
	"context"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"reconcile/internal/redact"
)

// RedactErrors makes the clients of a configuration return errors without the text of its
// secret key or session token.
func RedactErrors(cfg *aws.Config) {
	provider := cfg.Credentials
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("HideCredentials",
			func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				out, metadata, err := next.HandleInitialize(ctx, in)
				if err != nil {
					// Without credentials the error is of getting them, and quotes those of the environment.
					secrets := []string{os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"), os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")}
					if provider != nil {
						// The credentials are in the provider's cache: this sends no request.
						if credentials, unknown := provider.Retrieve(ctx); unknown == nil {
							secrets = append(secrets, credentials.SecretAccessKey, credentials.SessionToken)
						}
					}
					err = redact.Error(err, secrets...)
				}
				return out, metadata, err
			}), middleware.Before)
	})
}
