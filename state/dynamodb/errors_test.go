package dynamodb

import (
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

// A table without the keys of a record is named as that, whatever was asked of it: DynamoDB
// itself speaks of an element or a condition.
func TestKeysOfAnotherTable(t *testing.T) {
	t.Parallel()
	s := &Store{table: "orders"}
	for _, message := range []string{
		"The provided key element does not match the schema", // GetItem, DeleteItem
		"Query condition missed key schema element: sk",
		"Query key condition not supported for the key schema",
		"One or more parameter values were invalid: Missing the key id in the item", // PutItem
	} {
		err := s.explain(t.Context(), "read", &smithy.GenericAPIError{Code: "ValidationException", Message: message})
		if !strings.Contains(err.Error(), `sort key "sk"`) || !strings.Contains(err.Error(), "orders") {
			t.Errorf("%s: %v", message, err)
		}
	}
}
