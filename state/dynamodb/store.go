// Package dynamodb stores the record in one DynamoDB table: partition key pk, sort key
// sk, both strings, time to live on the attribute "expires". Each field of an item is an
// attribute, so that people can read the record in the console.
package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reconcile/state"
)

// Attributes of the table's definition.
const (
	pkAttribute      = "pk"
	skAttribute      = "sk"
	expiresAttribute = "expires"
)

// callTimeout bounds one call with all its retries, so that a service that does not
// answer cannot block a pass.
const callTimeout = 30 * time.Second

// Client is the part of *dynamodb.Client that a Store needs.
type Client interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

// Store is a state.Store in a DynamoDB table.
type Store struct {
	client Client
	table  string
}

// New returns the store in a table. It calls nothing yet: see Check.
func New(client Client, table string) *Store { return &Store{client: client, table: table} }

// Close does nothing: the client belongs to the caller.
func (s *Store) Close() error { return nil }

// Get implements state.Store, by a consistent read.
func (s *Store) Get(ctx context.Context, key state.Key) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.table, Key: keyAttributes(key), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, s.explain(ctx, "read", err)
	}
	if out.Item == nil {
		return nil, state.ErrNotFound
	}
	item, err := fromAttributes(out.Item)
	return item.Value, err
}

// ListPages implements state.Store, by consistent queries: a page is what one returns.
func (s *Store) ListPages(ctx context.Context, pk, prefix string, fn func(page []state.Item) error) error {
	input, err := s.newQueryInput(pk, prefix)
	if err != nil {
		return err
	}
	return s.query(ctx, input, func(page []state.Item) (more bool, err error) { return true, fn(page) })
}

// ListLast implements state.Store, by consistent queries.
func (s *Store) ListLast(ctx context.Context, pk, prefix string, limit int) ([]state.Item, error) {
	if limit <= 0 {
		return nil, nil
	}
	input, err := s.newQueryInput(pk, prefix)
	if err != nil {
		return nil, err
	}
	input.ScanIndexForward = aws.Bool(false)
	input.Limit = aws.Int32(int32(min(limit, 1000)))
	var items []state.Item
	err = s.query(ctx, input, func(page []state.Item) (more bool, err error) {
		items = append(items, page...)
		return len(items) < limit, nil
	})
	if err != nil {
		return nil, err
	}
	return items[:min(limit, len(items))], nil
}

func (s *Store) newQueryInput(pk, prefix string) (*dynamodb.QueryInput, error) {
	keys := expression.Key(pkAttribute).Equal(expression.Value(pk))
	if prefix != "" {
		keys = keys.And(expression.Key(skAttribute).BeginsWith(prefix))
	}
	condition, err := expression.NewBuilder().WithKeyCondition(keys).Build()
	if err != nil {
		return nil, fmt.Errorf("list the items %q of partition %q: %w", prefix, pk, err)
	}
	return &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    condition.KeyCondition(),
		ExpressionAttributeNames:  condition.Names(),
		ExpressionAttributeValues: condition.Values(),
	}, nil
}

// query calls fn with the items of each page that has any, until it needs no more.
func (s *Store) query(ctx context.Context, input *dynamodb.QueryInput, fn func(page []state.Item) (more bool, err error)) error {
	for {
		output, err := s.fetchPage(ctx, input)
		if err != nil {
			return err
		}
		page := make([]state.Item, len(output.Items))
		for i, found := range output.Items {
			if page[i], err = fromAttributes(found); err != nil {
				return err
			}
		}
		if len(page) > 0 {
			if more, err := fn(page); err != nil || !more {
				return err
			}
		}
		if len(output.LastEvaluatedKey) == 0 {
			return nil
		}
		input.ExclusiveStartKey = output.LastEvaluatedKey
	}
}

func (s *Store) fetchPage(ctx context.Context, input *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	page, err := s.client.Query(ctx, input)
	if err != nil {
		return nil, s.explain(ctx, "read", err)
	}
	return page, nil
}

// Check returns an error unless the table exists and is defined as the record needs it.
func (s *Store) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := s.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &s.table})
	if err != nil {
		return s.explain(ctx, "describe", err)
	}
	if err := checkSchema(out.Table); err != nil {
		return fmt.Errorf("DynamoDB table %s: %w", s.table, err)
	}
	ttl, err := s.client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &s.table})
	if err != nil {
		return s.explain(ctx, "describe", err)
	}
	d := ttl.TimeToLiveDescription
	on := d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling
	if !on || aws.ToString(d.AttributeName) != expiresAttribute {
		return fmt.Errorf("DynamoDB table %s: time to live is off, so old runs are never deleted: turn it on for the attribute %q", s.table, expiresAttribute)
	}
	return nil
}

// keysText describes a table that has other keys, or none where a record needs them.
const keysText = "its keys are not partition key \"" + pkAttribute + "\" and sort key \"" + skAttribute + "\", both strings: it is not a table for records: create a new one"

func checkSchema(table *types.TableDescription) error {
	if table.TableStatus != types.TableStatusActive && table.TableStatus != types.TableStatusUpdating {
		return fmt.Errorf("its status is %s: wait until it is ACTIVE", table.TableStatus)
	}
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range table.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	keys := map[types.KeyType]string{}
	for _, k := range table.KeySchema {
		keys[k.KeyType] = aws.ToString(k.AttributeName)
	}
	if keys[types.KeyTypeHash] != pkAttribute || keys[types.KeyTypeRange] != skAttribute ||
		kinds[pkAttribute] != types.ScalarAttributeTypeS || kinds[skAttribute] != types.ScalarAttributeTypeS {
		return errors.New(keysText)
	}
	return nil
}
