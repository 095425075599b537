package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"reconcile/state"
)

// explain returns an error that says what was being done with the table, and what a
// person can do.
func (s *Store) explain(ctx context.Context, doing string, err error) error {
	if isCancelledFor(err, conditionFailedCodes) {
		return state.ErrConflict
	}
	if ctx.Err() != nil && !isCancelledFor(err, retryableCodes) {
		return fmt.Errorf("%s DynamoDB table %s: no answer in time: %w", doing, s.table, context.Cause(ctx))
	}
	help, _ := s.classifyError(err)
	return fmt.Errorf("%s DynamoDB table %s: %s%w", doing, s.table, help, err)
}

// explainWrite explains the error of a write that was sent that many times. If DynamoDB refused
// the only try, it is ErrNotWritten. In all other cases it stays open whether the write took
// effect: also an earlier try may have, and its answer been lost.
func (s *Store) explainWrite(ctx context.Context, err error, sent int) error {
	if _, refused := s.classifyError(err); refused && sent <= 1 {
		err = fmt.Errorf("%w: %w", state.ErrNotWritten, err)
	}
	return s.explain(ctx, "write", err)
}

// classifyError returns what a person can do about err, and whether DynamoDB has
// certainly written nothing. Codes that are not types of the SDK are from "Common errors"
// and "Error handling" in the API reference.
func (s *Store) classifyError(err error) (help string, refused bool) {
	if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
		return "there is no such table: check --state, AWS_REGION and the account, or create it: ", true
	}
	if isCancelledFor(err, retryableCodes) {
		return "it is overloaded, or another run keeps writing the same item: try again later: ", true
	}
	var api smithy.APIError
	if !errors.As(err, &api) {
		return "", false
	}
	switch api.ErrorCode() {
	case "AccessDeniedException":
		return "the credentials in use are not allowed to do this: ", true
	case "ExpiredTokenException", "ExpiredToken":
		return "the AWS credentials have expired: renew them: ", true
	case "UnrecognizedClientException", "InvalidClientTokenId", "MissingAuthenticationToken", "IncompleteSignature":
		return "the AWS credentials are not valid: ", true
	case "InvalidSignatureException", "RequestExpired":
		return "the request's signature was refused: check the secret key and this machine's clock: ", true
	case "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded":
		return "it is overloaded (throttled, after several tries): try again later, or raise its limits: ", false
	case "ValidationException":
		if isAboutKeys(api.ErrorMessage()) {
			return keysText + ": ", true
		}
		return "DynamoDB refused the request: ", true
	case "TransactionCanceledException", "ItemCollectionSizeLimitExceededException":
		return "DynamoDB refused the request: ", true
	default:
		return "", false
	}
}

// isAboutKeys reports whether DynamoDB says that the table has other keys. It has no code for it.
func isAboutKeys(message string) bool {
	return slices.ContainsFunc([]string{"key element", "key schema", "Missing the key"}, func(words string) bool {
		return strings.Contains(message, words)
	})
}
