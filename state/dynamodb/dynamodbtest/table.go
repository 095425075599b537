package dynamodbtest

import (
	"context"
	"crypto/rand"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// CreateTable creates a table of the record's definition and returns its name.
func CreateTable(tb testing.TB, client *dynamodb.Client) string {
	tb.Helper()
	name := "reconcile-" + rand.Text()
	table, ttl := TableDefinition(name)
	if _, err := client.CreateTable(tb.Context(), table); err != nil {
		tb.Fatalf("create table: %v", err)
	}
	if _, err := client.UpdateTimeToLive(tb.Context(), ttl); err != nil {
		tb.Fatalf("turn time to live on: %v", err)
	}
	tb.Cleanup(func() {
		_, err := client.DeleteTable(context.WithoutCancel(tb.Context()), &dynamodb.DeleteTableInput{TableName: &name})
		if err != nil {
			tb.Errorf("delete table: %v", err)
		}
	})
	return name
}

// TableDefinition returns the table as Terraform must create it, without point-in-time
// recovery and deletion protection, which the emulator need not know.
func TableDefinition(name string) (*dynamodb.CreateTableInput, *dynamodb.UpdateTimeToLiveInput) {
	table := &dynamodb.CreateTableInput{
		TableName:   &name,
		BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS},
			{AttributeName: aws.String("sk"), AttributeType: types.ScalarAttributeTypeS},
		},
		KeySchema: []types.KeySchemaElement{
			{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash},
			{AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
		},
	}
	ttl := &dynamodb.UpdateTimeToLiveInput{
		TableName: &name,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String("expires"), Enabled: aws.Bool(true),
		},
	}
	return table, ttl
}
