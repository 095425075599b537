package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/internal/awsfake"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/snapshot/s3test"
)

// fakeAWS fakes AWS for a script: DynamoDB Local, an S3 and a few secrets, each behind
// a proxy that counts requests.
type fakeAWS struct {
	dynamodb, s3, keys *countingProxy // keys is in front of the secrets of the applying process
	secrets            *awsfake.Server
	s3server           *s3test.Server // behind s3
}

// countingProxy forwards requests and records them. It can inject faults.
type countingProxy struct {
	mu       sync.Mutex
	requests []string
	url      string
	fault    faults
}

func newCountingProxy(w *fixture, target string) *countingProxy {
	u, err := url.Parse(target)
	if err != nil {
		w.tb.Fatal(err)
	}
	c := &countingProxy{}
	proxy := httputil.NewSingleHostReverseProxy(u)
	// The Host of the signed request must not change.
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		request := r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Amz-Target")
		c.requests = append(c.requests, request)
		fault := c.fault.next(request, r)
		c.mu.Unlock()
		fault(rw, r, proxy)
	}))
	w.tb.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *countingProxy) takeRequests() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	requests := c.requests
	c.requests = nil
	return requests
}

// cloud starts AWS: $TABLE, $BUCKET and the SDK's variables are set.
func cloudCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: cloud")
	}
	w := fixtureOf(ts)
	endpoint := dynamodbtest.Endpoint(w.tb)
	s3 := s3test.Start(w.tb)
	for _, name := range []string{"bucket", "staging", "osaka-staging"} {
		s3.CreateBucket(w.tb, name)
	}
	w.cloud = &fakeAWS{dynamodb: newCountingProxy(w, endpoint), s3: newCountingProxy(w, s3.URL), secrets: awsfake.Start(w.tb, nil), s3server: s3}
	w.cloud.keys = newCountingProxy(w, w.cloud.secrets.URL)
	for name, value := range map[string]string{
		"TABLE":                            dynamodbtest.CreateTable(w.tb, dynamodbtest.NewClient(endpoint)),
		"BUCKET":                           "bucket",
		"AWS_ENDPOINT_URL_DYNAMODB":        w.cloud.dynamodb.url,
		"AWS_ENDPOINT_URL_S3":              w.cloud.s3.url,
		"AWS_ENDPOINT_URL_SECRETS_MANAGER": w.cloud.keys.url,
		"AWS_ENDPOINT_URL_SSM":             w.cloud.secrets.URL,
		"AWS_REGION":                       s3test.Region,
		"AWS_ACCESS_KEY_ID":                "test",
		"AWS_SECRET_ACCESS_KEY":            "test",
		"AWS_EC2_METADATA_DISABLED":        "true",
	} {
		ts.Setenv(name, value)
	}
}

// lock-state KEY ID leaves a lock on a state in S3, as a killed Terraform does.
func lockStateCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lock-state KEY ID")
	}
	lock := fmt.Sprintf(`{"ID":%q,"Operation":"OperationTypeApply","Info":"","Who":"someone@elsewhere","Version":"1.11.4","Created":"2026-01-01T00:00:00Z","Path":"bucket/%s"}`, args[1], args[0])
	request, err := http.NewRequest(http.MethodPut, fixtureOf(ts).cloud.s3.url+"/bucket/"+args[0]+".tflock", strings.NewReader(lock))
	ts.Check(err)
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	ts.Check(answer.Body.Close())
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("put the lock: %s", answer.Status)
	}
}

// check-object BUCKET/KEY TEXT checks that an object in S3 contains TEXT.
func checkObjectCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: check-object BUCKET/KEY TEXT")
	}
	answer, err := http.Get(fixtureOf(ts).cloud.s3.url + "/" + args[0])
	ts.Check(err)
	text, err := io.ReadAll(answer.Body)
	ts.Check(errors.Join(err, answer.Body.Close()))
	if !strings.Contains(string(text), args[1]) {
		ts.Fatalf("%s is %s: %s", args[0], answer.Status, text)
	}
}

// fill FILE... replaces @S3@ with the address of S3.
func fillCommand(ts *testscript.TestScript, neg bool, args []string) {
	for _, arg := range args {
		text := strings.ReplaceAll(ts.ReadFile(arg), "@S3@", fixtureOf(ts).cloud.s3.url)
		ts.Check(os.WriteFile(ts.MkAbs(arg), []byte(text), 0o644))
	}
}

// parameter NAME FILE puts a file's text into a parameter of Systems Manager. parameter
// writer ROLE lets the sessions of a role write parameters.
func parameterCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: parameter NAME FILE | writer ROLE")
	}
	if args[0] == "writer" {
		fixtureOf(ts).cloud.secrets.LetWrite(args[1])
		return
	}
	fixtureOf(ts).cloud.secrets.SetParameter(args[0], ts.ReadFile(args[1]))
}

// secret NAME VALUE puts a secret into Secrets Manager.
func secretCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: secret NAME VALUE")
	}
	fixtureOf(ts).cloud.secrets.SetSecret(args[0], args[1])
}
