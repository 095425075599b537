package dynamodb_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
)

var (
	key         = state.Key{PK: "p", SK: "a"}
	firstWrite  = state.Op{Key: key, If: state.Cond{Absent: true}, Put: json.RawMessage(`{"n":1}`)}
	secondWrite = state.Op{Key: key, If: state.Cond{Equal: map[string]any{"n": int64(1)}}, Put: json.RawMessage(`{"n":2}`)}
)

// faultProxy is a proxy in front of DynamoDB Local. It gives each of its answers to one
// request, and passes later requests on.
type faultProxy struct {
	*httptest.Server
	mu           sync.Mutex
	answers      []http.HandlerFunc
	requestCount int
}

// newFaultProxy returns a proxy and a store behind it. The store retries as often as the
// SDK does by default, but without delay.
func newFaultProxy(t *testing.T, answers ...http.HandlerFunc) (*faultProxy, *dynamodb.Store) {
	t.Helper()
	endpoint := dynamodbtest.Endpoint(t)
	table := dynamodbtest.CreateTable(t, dynamodbtest.NewClient(endpoint))
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	f := &faultProxy{answers: answers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := f.nextAnswer(); answer != nil {
			answer(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f, dynamodb.New(newClient(f.URL), table)
}

func newClient(endpoint string) *awsdynamodb.Client {
	options := dynamodbtest.NewClient(endpoint).Options()
	options.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	return awsdynamodb.New(options)
}

func (f *faultProxy) nextAnswer() http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requestCount++
	if len(f.answers) == 0 {
		return nil
	}
	answer := f.answers[0]
	f.answers = f.answers[1:]
	return answer
}

// refuse answers as DynamoDB refuses a request.
func refuse(status int, code, rest string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(status)
		io.WriteString(w, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":"`+code+`"`+rest+`}`)
	}
}

// cancelTransaction answers that a transaction was cancelled for codes.
func cancelTransaction(codes ...string) http.HandlerFunc {
	return refuse(400, "TransactionCanceledException", `,"CancellationReasons":[{"Code":"`+strings.Join(codes, `"},{"Code":"`)+`"}]`)
}

// dropAnswer passes the request on and drops the answer.
func dropAnswer(t *testing.T) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		request, err := http.NewRequestWithContext(r.Context(), r.Method, dynamodbtest.Endpoint(t), r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		request.Header = r.Header.Clone()
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Error(err)
			return
		}
		response.Body.Close()
		panic(http.ErrAbortHandler)
	}
}

func repeat(n int, answer http.HandlerFunc) []http.HandlerFunc {
	answers := make([]http.HandlerFunc, n)
	for i := range answers {
		answers[i] = answer
	}
	return answers
}

// What the SDK or the store retries succeeds. A write whose answer was lost does not fail
// on its own first effect.
func TestRetries(t *testing.T) {
	for name, answers := range map[string][]http.HandlerFunc{
		"throttled":             repeat(2, refuse(400, "ThrottlingException", "")),
		"out of throughput":     repeat(2, refuse(400, "ProvisionedThroughputExceededException", "")),
		"server fault":          repeat(2, refuse(500, "InternalServerError", "")),
		"answer lost":           repeat(2, dropAnswer(t)),
		"in progress":           {refuse(400, "TransactionInProgressException", "")},
		"other transactions":    repeat(5, cancelTransaction("TransactionConflict")),
		"throttled transaction": repeat(5, cancelTransaction("None", "ThrottlingError")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := newFaultProxy(t, answers...)
			if err := s.Write(t.Context(), firstWrite); err != nil {
				t.Fatalf("after %d requests: %v", f.requestCount, err)
			}
			if err := s.Write(t.Context(), secondWrite); err != nil {
				t.Fatal(err)
			}
			if value, err := s.Get(t.Context(), key); err != nil || string(value) != `{"n":2}` {
				t.Fatalf("get: got %s, %v", value, err)
			}
		})
	}
}

// Errors that a retry cannot overcome have their own messages.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		name       string
		answer     http.HandlerFunc
		says       string
		notWritten bool
	}{
		{"throttled", refuse(400, "ThrottlingException", ""), "overloaded", false},
		{"expired", refuse(400, "ExpiredTokenException", ""), "credentials have expired", true},
		{"unknown key", refuse(400, "UnrecognizedClientException", ""), "credentials are not valid", true},
		{"signature", refuse(400, "InvalidSignatureException", ""), "clock", true},
		{"denied", refuse(400, "AccessDeniedException", ""), "not allowed", true},
		{"no table", refuse(400, "ResourceNotFoundException", ""), "no such table", true},
		{"invalid", refuse(400, "ValidationException", ""), "refused the request", true},
		{"too large", cancelTransaction("ValidationError"), "refused the request", true},
		{"server fault", refuse(500, "InternalServerError", ""), "InternalServerError", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, s := newFaultProxy(t, repeat(3, c.answer)...)
			err := s.Write(t.Context(), firstWrite)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "reconcile-") {
				t.Errorf("write: got %v, want it to say %q and name the table", err, c.says)
			}
			if errors.Is(err, state.ErrNotWritten) != c.notWritten || errors.Is(err, state.ErrConflict) {
				t.Errorf("write: got %v, want ErrNotWritten: %v", err, c.notWritten)
			}
			_, s = newFaultProxy(t, repeat(3, c.answer)...)
			if _, err := s.Get(t.Context(), key); err == nil || errors.Is(err, state.ErrNotFound) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("get: got %v, want it to say %q", err, c.says)
			}
		})
	}
}

// A write that is refused after an earlier try may have taken effect. The store does not
// say that it was not written, and a read finds its effect.
func TestRefusedAfterItWasLost(t *testing.T) {
	for _, code := range []string{"ExpiredTokenException", "AccessDeniedException", "InvalidSignatureException"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			_, s := newFaultProxy(t, dropAnswer(t), refuse(400, code, ""))
			if err := s.Write(t.Context(), firstWrite); err == nil || errors.Is(err, state.ErrNotWritten) {
				t.Errorf("got %v, which must not say that nothing was written", err)
			}
			if value, err := s.Get(t.Context(), key); err != nil || string(value) != `{"n":1}` {
				t.Errorf("get: got %s, %v", value, err)
			}
			_, s = newFaultProxy(t, nil, dropAnswer(t), refuse(400, code, "")) // it is read first
			lease, err := state.New(s, "record", state.Options{}).Acquire(t.Context(), state.LeaseRequest{Identity: "id", Workspace: "tokyo", Run: "r"})
			if err != nil {
				t.Fatalf("a lease that was taken: %v", err)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A condition that does not hold is a conflict, whatever other errors occur.
func TestConflict(t *testing.T) {
	_, s := newFaultProxy(t, cancelTransaction("TransactionConflict", "ConditionalCheckFailed"))
	if err := s.Write(t.Context(), firstWrite); !errors.Is(err, state.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
}

// The store waits for a server that does not answer as long as the context lasts.
func TestNoAnswer(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	neverAnswer := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}
	_, s := newFaultProxy(t, neverAnswer)
	err := s.Write(ctx, firstWrite)
	if !errors.Is(err, context.Canceled) || errors.Is(err, state.ErrNotWritten) {
		t.Errorf("got %v, want context.Canceled, and it is open whether it was written", err)
	}
	// Between the tries of a transaction that was cancelled each time.
	ctx, cancel = context.WithCancel(t.Context())
	_, s = newFaultProxy(t, func(w http.ResponseWriter, r *http.Request) {
		cancelTransaction("TransactionConflict")(w, r)
	}, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		cancelTransaction("TransactionConflict")(w, r)
	})
	if err := s.Write(ctx, firstWrite); err == nil {
		t.Error("a cancelled write succeeded")
	}
}

func TestCheck(t *testing.T) {
	client := dynamodbtest.NewClient(dynamodbtest.Endpoint(t))
	ctx := t.Context()
	table := dynamodbtest.CreateTable(t, client)
	if err := dynamodb.New(client, table).Check(ctx); err != nil {
		t.Errorf("the table as defined: %v", err)
	}
	expectError := func(name, table, want string) {
		t.Helper()
		if err := dynamodb.New(client, table).Check(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, want)
		}
	}
	expectError("no table", "reconcile-none", "no such table")
	createTable := func(change func(*awsdynamodb.CreateTableInput)) string {
		definition, _ := dynamodbtest.TableDefinition(table + "-other")
		change(definition)
		if _, err := client.CreateTable(ctx, definition); err != nil {
			t.Fatal(err)
		}
		return *definition.TableName
	}
	other := createTable(func(*awsdynamodb.CreateTableInput) {})
	expectError("no time to live", other, "expires")
	if _, err := client.DeleteTable(ctx, &awsdynamodb.DeleteTableInput{TableName: &other}); err != nil {
		t.Fatal(err)
	}
	other = createTable(func(in *awsdynamodb.CreateTableInput) {
		in.AttributeDefinitions[1].AttributeType = types.ScalarAttributeTypeN
	})
	expectError("a sort key of numbers", other, "sort key")
	if _, err := client.DeleteTable(ctx, &awsdynamodb.DeleteTableInput{TableName: &other}); err != nil {
		t.Fatal(err)
	}
}

// People can read the fields of an item in the console.
func TestAttributes(t *testing.T) {
	client := dynamodbtest.NewClient(dynamodbtest.Endpoint(t))
	table := dynamodbtest.CreateTable(t, client)
	r := state.New(dynamodb.New(client, table), "record", state.Options{})
	if _, err := r.Adopt(t.Context(), state.Head{Commit: "c1"}); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetItem(t.Context(), &awsdynamodb.GetItemInput{TableName: &table, Key: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "record"}, "sk": &types.AttributeValueMemberS{Value: "HEAD"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	commit, _ := out.Item["commit"].(*types.AttributeValueMemberS)
	generation, _ := out.Item["generation"].(*types.AttributeValueMemberN)
	if commit == nil || commit.Value != "c1" || generation == nil || generation.Value != "1" {
		t.Errorf("got %v", out.Item)
	}
	// reconcile never writes a set.
	if _, err := client.UpdateItem(t.Context(), &awsdynamodb.UpdateItemInput{
		TableName: &table,
		Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "record"}, "sk": &types.AttributeValueMemberS{Value: "HEAD"},
		},
		UpdateExpression:          aws.String("SET note = :v"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberSS{Value: []string{"x"}}},
	}); err != nil {
		t.Fatal(err)
	}
	var corrupt *state.CorruptError
	if _, err := r.Head(t.Context()); !errors.As(err, &corrupt) || !strings.Contains(err.Error(), "note") {
		t.Errorf("got %v, want a CorruptError that names the attribute", err)
	}
}
