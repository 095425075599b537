package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"reconcile/internal/retry"
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
	sent := 0
	err := retry.Do(ctx, retry.NewExponentialPauses(10*time.Millisecond, 500*time.Millisecond, 1), mayBeRetried, func() error {
		_, err := s.client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: items}, countTries(&sent))
		return err
	})
	if err != nil {
		return s.explainWrite(ctx, err, sent)
	}
	return nil
}

// mayBeRetried reports whether the transaction was cancelled because of another one, or
// throttled. Nothing was written then, and the SDK leaves the retry to us.
func mayBeRetried(err error) bool {
	return isCancelledFor(err, retryableCodes) && !isCancelledFor(err, conditionFailedCodes)
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
	condition, err := conditionExpression(op.If)
	if err != nil {
		return types.TransactWriteItem{}, err
	}
	switch {
	case op.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &s.table, Key: keyAttributes(op.Key),
			ConditionExpression: condition.Condition(), ExpressionAttributeNames: condition.Names(), ExpressionAttributeValues: condition.Values(),
		}}, nil
	case op.Put != nil:
		item, err := toAttributes(state.Item{Key: op.Key, Value: op.Put})
		return types.TransactWriteItem{Put: &types.Put{
			TableName: &s.table, Item: item,
			ConditionExpression: condition.Condition(), ExpressionAttributeNames: condition.Names(), ExpressionAttributeValues: condition.Values(),
		}}, err
	default:
		return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: &s.table, Key: keyAttributes(op.Key),
			ConditionExpression: condition.Condition(), ExpressionAttributeNames: condition.Names(), ExpressionAttributeValues: condition.Values(),
		}}, nil
	}
}

// conditionExpression returns a condition in DynamoDB's terms, empty if there is none.
// Its names are placeholders, because many field names are reserved words.
func conditionExpression(cond state.Cond) (expression.Expression, error) {
	var all []expression.ConditionBuilder
	if cond.Absent {
		all = append(all, expression.AttributeNotExists(expression.Name(pkAttribute)))
	}
	for _, field := range slices.Sorted(maps.Keys(cond.Equal)) {
		all = append(all, expression.NameNoDotSplit(field).Equal(expression.Value(cond.Equal[field])))
	}
	switch len(all) {
	case 0:
		return expression.Expression{}, nil
	case 1:
		return expression.NewBuilder().WithCondition(all[0]).Build()
	default:
		return expression.NewBuilder().WithCondition(expression.And(all[0], all[1], all[2:]...)).Build()
	}
}
