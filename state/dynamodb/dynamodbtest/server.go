// Package dynamodbtest starts DynamoDB Local, AWS's own emulator, for tests.
package dynamodbtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"reconcile/internal/testtier"
	"reconcile/internal/waittest"
)

// Endpoint starts the server, once per test binary, and returns its URL. The server ends
// with the test binary, even if that is killed. It accepts any credentials and Region.
func Endpoint(tb testing.TB) string {
	tb.Helper()
	testtier.Needs(tb, testtier.Emulator)
	endpoint, err := start()
	if err != nil {
		tb.Fatalf("start DynamoDB Local: %v", err)
	}
	return endpoint
}

// NewClient returns a client of the server at endpoint.
func NewClient(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		BaseEndpoint: &endpoint,
		Region:       "ap-northeast-1",
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
}

// startTimeout is generous, because the machine may be busy with other tests.
const startTimeout = 5 * time.Minute

// maxStarts is how often the server is started: another program may take a port that was free
// a moment ago.
const maxStarts = 3

var start = sync.OnceValues(func() (endpoint string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	for range maxStarts {
		endpoint, err = tryStart(ctx)
		var ended *endedError
		if !errors.As(err, &ended) {
			break
		}
	}
	return endpoint, err
})

func tryStart(ctx context.Context) (endpoint string, err error) {
	port, err := freePort()
	if err != nil {
		return "", err
	}
	server, err := startServer(port)
	if err != nil {
		return "", err
	}
	endpoint = fmt.Sprintf("http://127.0.0.1:%d", port)
	return endpoint, waitUntilReady(ctx, endpoint, server)
}

// endedError says how a server has ended.
type endedError struct{ text string }

func (e *endedError) Error() string { return e.text }

// startServer starts the server. The server's parent is a shell that stops it when a pipe
// breaks; this process holds the other end of the pipe.
func startServer(port int) (*waittest.Task[error], error) {
	cache, err := testtier.CacheDir()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(cache, "dynamodb-local")
	if jars, _ := filepath.Glob(filepath.Join(dir, "DynamoDBLocal-*.jar")); len(jars) == 0 {
		return nil, fmt.Errorf("DynamoDB Local is not in %s: run `make tools`", dir)
	}
	const script = `
		exec 3<&0
		"$@" </dev/null 3<&- & server=$!
		{ read -r _ <&3; kill -9 $server; } >/dev/null 2>&1 & watch=$!
		wait $server
		kill $watch`
	cmd := exec.Command("sh", "-c", script, "sh",
		"java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx512m",
		"-Djava.library.path="+dir, "-cp", filepath.Join(dir, "*"),
		"software.amazon.dynamodb.services.local.main.ServerRunner",
		"-inMemory", "-sharedDb", "-disableTelemetry", "-port", fmt.Sprint(port))
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if _, err := cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%w: run `make tools`", err)
	}
	return waittest.Go(func() error { return &endedError{fmt.Sprintf("it ended (%v): %s", cmd.Wait(), &output)} }), nil
}

// waitUntilReady waits until the server answers a request. Another program at its port may accept
// connections and never answer.
func waitUntilReady(ctx context.Context, endpoint string, server *waittest.Task[error]) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { cancel(server.Wait()) }()
	client := NewClient(endpoint)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{}, func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
		if err == nil {
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w: %w", context.Cause(ctx), err)
		}
	}
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
