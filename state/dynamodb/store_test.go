package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"

	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/statetest"
)

func TestMain(m *testing.M) {
	statetest.Main(m, func(spec string) (state.Store, error) {
		endpoint, table, ok := strings.Cut(spec, " ")
		if !ok {
			return nil, fmt.Errorf("no table in %q", spec)
		}
		return dynamodb.New(dynamodbtest.NewClient(endpoint), table), nil
	})
}

func TestProcesses(t *testing.T) {
	endpoint := dynamodbtest.Endpoint(t)
	client := dynamodbtest.NewClient(endpoint)
	statetest.RunProcesses(t, func(t *testing.T) (string, statetest.Open) {
		table := dynamodbtest.CreateTable(t, client)
		return endpoint + " " + table, func() state.Store { return dynamodb.New(client, table) }
	})
}

func TestStore(t *testing.T) {
	client := dynamodbtest.NewClient(dynamodbtest.Endpoint(t))
	statetest.Run(t, func(t *testing.T) statetest.Open {
		table := dynamodbtest.CreateTable(t, client)
		return func() state.Store { return dynamodb.New(client, table) }
	})
}
