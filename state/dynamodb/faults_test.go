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
	key   = state.Key{PK: "p", SK: "a"}
	once  = state.Op{Key: key, If: state.Cond{Absent: true}, Put: json.RawMessage(`{"n":1}`)}
	again = state.Op{Key: key, If: state.Cond{Equal: map[string]any{"n": int64(1)}}, Put: json.RawMessage(`{"n":2}`)}
)

// front stands before DynamoDB Local and answers requests as it is told, each
// answer once; then it passes them on.
type front struct {
	*httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	asked   int
}

// newFront returns a front and a store behind it that tries as often as the
// SDK does by default, but without delay.
func newFront(t *testing.T, answers ...http.HandlerFunc) (*front, *dynamodb.Store) {
	t.Helper()
	endpoint := dynamodbtest.Endpoint(t)
	table := dynamodbtest.Table(t, dynamodbtest.Client(endpoint))
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	f := &front{answers: answers}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer := f.next(); answer != nil {
			answer(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f, dynamodb.New(clientOf(f.URL), table)
}

func clientOf(endpoint string) *awsdynamodb.Client {
	options := dynamodbtest.Client(endpoint).Options()
	options.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
	})
	return awsdynamodb.New(options)
}

func (f *front) next() http.HandlerFunc {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
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

// cancelled answers that a transaction was cancelled for these reasons.
func cancelled(codes ...string) http.HandlerFunc {
	return refuse(400, "TransactionCanceledException", `,"CancellationReasons":[{"Code":"`+strings.Join(codes, `"},{"Code":"`)+`"}]`)
}

// lost passes the request on, and loses the answer.
func lost(t *testing.T) http.HandlerFunc {
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

func several(n int, answer http.HandlerFunc) []http.HandlerFunc {
	answers := make([]http.HandlerFunc, n)
	for i := range answers {
		answers[i] = answer
	}
	return answers
}

// What the SDK or we try again succeeds, and a write whose answer is lost does
// not fail on its own first effect.
func TestOvercome(t *testing.T) {
	for name, answers := range map[string][]http.HandlerFunc{
		"throttled":             several(2, refuse(400, "ThrottlingException", "")),
		"out of throughput":     several(2, refuse(400, "ProvisionedThroughputExceededException", "")),
		"server fault":          several(2, refuse(500, "InternalServerError", "")),
		"answer lost":           several(2, lost(t)),
		"in progress":           {refuse(400, "TransactionInProgressException", "")},
		"other transactions":    several(5, cancelled("TransactionConflict")),
		"throttled transaction": several(5, cancelled("None", "ThrottlingError")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, s := newFront(t, answers...)
			if err := s.Write(t.Context(), once); err != nil {
				t.Fatalf("after %d requests: %v", f.asked, err)
			}
			if err := s.Write(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			if value, err := s.Get(t.Context(), key); err != nil || string(value) != `{"n":2}` {
				t.Fatalf("get: got %s, %v", value, err)
			}
		})
	}
}

// What cannot be overcome is told in words of its own.
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
		{"invalid", refuse(400, "ValidationException", ""), "refuses", true},
		{"too large", cancelled("ValidationError"), "refuses", true},
		{"server fault", refuse(500, "InternalServerError", ""), "InternalServerError", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, s := newFront(t, several(3, c.answer)...)
			err := s.Write(t.Context(), once)
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "reconcile-") {
				t.Errorf("write: got %v, want it to say %q and name the table", err, c.says)
			}
			if errors.Is(err, state.ErrNotWritten) != c.notWritten || errors.Is(err, state.ErrConflict) {
				t.Errorf("write: got %v, want ErrNotWritten: %v", err, c.notWritten)
			}
			_, s = newFront(t, several(3, c.answer)...)
			if _, err := s.Get(t.Context(), key); err == nil || errors.Is(err, state.ErrNotFound) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("get: got %v, want it to say %q", err, c.says)
			}
		})
	}
}

// What is refused after it was tried before may have been written: that is not
// denied, and what reads back finds it.
func TestRefusedAfterItWasLost(t *testing.T) {
	for _, code := range []string{"ExpiredTokenException", "AccessDeniedException", "InvalidSignatureException"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			_, s := newFront(t, lost(t), refuse(400, code, ""))
			if err := s.Write(t.Context(), once); err == nil || errors.Is(err, state.ErrNotWritten) {
				t.Errorf("got %v, which must not say that nothing was written", err)
			}
			if value, err := s.Get(t.Context(), key); err != nil || string(value) != `{"n":1}` {
				t.Errorf("get: got %s, %v", value, err)
			}
			_, s = newFront(t, nil, lost(t), refuse(400, code, "")) // it is read first
			lease, err := state.New(s, "record", state.Options{}).Acquire(t.Context(), state.Claim{Identity: "id", Workspace: "tokyo", Run: "r"})
			if err != nil {
				t.Fatalf("a lease that was taken: %v", err)
			}
			if err := lease.Release(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// A condition that does not hold is a conflict, whatever else is in the way.
func TestConflict(t *testing.T) {
	_, s := newFront(t, cancelled("TransactionConflict", "ConditionalCheckFailed"))
	if err := s.Write(t.Context(), once); !errors.Is(err, state.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
}

// A server that does not answer is waited for as long as the context lasts.
func TestSilent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent := func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		cancel()
		<-r.Context().Done()
	}
	_, s := newFront(t, silent)
	err := s.Write(ctx, once)
	if !errors.Is(err, context.Canceled) || errors.Is(err, state.ErrNotWritten) {
		t.Errorf("got %v, want context.Canceled, and it is open whether it was written", err)
	}
	// Between the tries of a transaction that was cancelled each time.
	ctx, cancel = context.WithCancel(t.Context())
	_, s = newFront(t, func(w http.ResponseWriter, r *http.Request) {
		cancelled("TransactionConflict")(w, r)
	}, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		cancelled("TransactionConflict")(w, r)
	})
	if err := s.Write(ctx, once); err == nil {
		t.Error("a cancelled write succeeded")
	}
}

func TestCheck(t *testing.T) {
	client := dynamodbtest.Client(dynamodbtest.Endpoint(t))
	ctx := t.Context()
	table := dynamodbtest.Table(t, client)
	if err := dynamodb.New(client, table).Check(ctx); err != nil {
		t.Errorf("the table as defined: %v", err)
	}
	says := func(name, table, want string) {
		t.Helper()
		if err := dynamodb.New(client, table).Check(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to say %q", name, err, want)
		}
	}
	says("no table", "reconcile-none", "no such table")
	made := func(change func(*awsdynamodb.CreateTableInput)) string {
		definition, _ := dynamodbtest.Definition(table + "-other")
		change(definition)
		if _, err := client.CreateTable(ctx, definition); err != nil {
			t.Fatal(err)
		}
		return *definition.TableName
	}
	other := made(func(*awsdynamodb.CreateTableInput) {})
	says("no time to live", other, "expires")
	if _, err := client.DeleteTable(ctx, &awsdynamodb.DeleteTableInput{TableName: &other}); err != nil {
		t.Fatal(err)
	}
	other = made(func(in *awsdynamodb.CreateTableInput) {
		in.AttributeDefinitions[1].AttributeType = types.ScalarAttributeTypeN
	})
	says("a sort key of numbers", other, "sort key")
	if _, err := client.DeleteTable(ctx, &awsdynamodb.DeleteTableInput{TableName: &other}); err != nil {
		t.Fatal(err)
	}
}

// The fields of an item can be read in the console.
func TestAttributes(t *testing.T) {
	client := dynamodbtest.Client(dynamodbtest.Endpoint(t))
	table := dynamodbtest.Table(t, client)
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
	// A set is none of ours.
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
