package dynamodb_test

import (
	"testing"

	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/statetest"
)

func TestStore(t *testing.T) {
	client := dynamodbtest.Client(dynamodbtest.Endpoint(t))
	statetest.Run(t, func(t *testing.T) statetest.Open {
		table := dynamodbtest.Table(t, client)
		return func() state.Store { return dynamodb.New(client, table) }
	})
}
