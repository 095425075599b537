package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"reconcile/state"
)

// Write implements state.Store. Even one op is a transaction, because only transactions
// are idempotent. The SDK sends the same token when it retries after a time-out, so the
// second try of a conditional write that took effect does not fail on its own first
// effect.
func (s *Store) Write(ctx context.Context, ops ...state.Op) error {
	if err := state.CheckOps(ops); err != nil {
		return err
	}
	items := make([]types.TransactWriteItem, len(ops))
	for i, op := range ops {
		var err error
		if items[i], err = s.toTransactItem(op); err != nil {
			return fmt.Errorf("%w: item %s: %w", state.ErrNotWritten, op.Key.SK, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	for attempt := 0; ; attempt++ {
		sent := 0
		_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items}, countTries(&sent))
		if err == nil {
			return nil
		}
		if !isCancelledFor(err, retryableCodes) || isCancelledFor(err, conditionFailedCodes) {
			return s.explainWrite(ctx, err, attempt+sent)
		}
		// The transaction was cancelled because of another one, or throttled. Nothing was
		// written, and the SDK leaves the retry to us.
		if state.Sleep(ctx, backoff(attempt)) != nil {
			return s.explainWrite(ctx, err, attempt+sent)
		}
	}
}

// countTries counts how often the SDK sends a request.
func countTries(sent *int) func(*dynamodb.Options) {
	count := middleware.FinalizeMiddlewareFunc("countTries", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
		*sent++
		return next.HandleFinalize(ctx, in)
	})
	return func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(count, "Retry", middleware.After)
		})
	}
}

// backoff returns a random time that grows with each attempt, to at most one second.
func backoff(attempt int) time.Duration {
	return time.Millisecond + rand.N(min(time.Second, 20*time.Millisecond<<min(attempt, 10)))
}

// conditionFailedCodes is the code of a cancelled transaction whose condition did not
// hold; a transaction that was cancelled for the other codes may succeed in another try.
// See TransactionCanceledException in the API reference.
var (
	conditionFailedCodes = []string{"ConditionalCheckFailed"}
	retryableCodes       = []string{"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
)

// isCancelledFor reports whether err is that of a transaction that was cancelled for one
// of codes.
func isCancelledFor(err error, codes []string) bool {
	var e *types.TransactionCanceledException
	if !errors.As(err, &e) {
		return false
	}
	return slices.ContainsFunc(e.CancellationReasons, func(r types.CancellationReason) bool {
		return slices.Contains(codes, aws.ToString(r.Code))
	})
}

func (s *Store) toTransactItem(op state.Op) (types.TransactWriteItem, error) {
	condition, names, values := conditionExpression(op.If)
	switch {
	case op.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.table, Key: keyAttributes(op.Key),
			ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}, nil
	case op.Put != nil:
		item, err := toAttributes(state.Item{Key: op.Key, Value: op.Put})
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &s.table, Item: item,
			ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}, err
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.table, Key: keyAttributes(op.Key),
			ConditionExpression: condition, ExpressionAttributeNames: names, ExpressionAttributeValues: values,
		}}, nil
	}
}

// conditionExpression returns a condition in DynamoDB's terms. It names fields by
// placeholders, because many field names are reserved words.
func conditionExpression(cond state.Cond) (*string, map[string]string, attributes) {
	if cond.Absent {
		return aws.String("attribute_not_exists(#pk)"), map[string]string{"#pk": pkAttribute}, nil
	}
	if len(cond.Equal) == 0 {
		return nil, nil, nil
	}
	var terms []string
	names, values := map[string]string{}, attributes{}
	for i, field := range slices.Sorted(maps.Keys(cond.Equal)) {
		name, value := fmt.Sprintf("#f%d", i), fmt.Sprintf(":v%d", i)
		terms = append(terms, name+" = "+value)
		names[name] = field
		switch want := cond.Equal[field].(type) {
		case string:
			values[value] = stringAttribute(want)
		case int64:
			values[value] = &types.AttributeValueMemberN{Value: fmt.Sprint(want)}
		case bool:
			values[value] = &types.AttributeValueMemberBOOL{Value: want}
		}
	}
	return aws.String(strings.Join(terms, " AND ")), names, values
}
