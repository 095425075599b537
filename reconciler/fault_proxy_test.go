package reconciler_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"reconcile/internal/awsfake"
	"reconcile/internal/testtier"
	"reconcile/reconciler"
	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// faultTransport is a transport to AWS in which one call of a pass, with all its tries,
// meets a fault.
type faultTransport struct {
	mu             sync.Mutex
	calls          []string       // in their order, each once
	callNumber     map[string]int // of each, as it was called last
	tries          map[string]int // of each that has had no answer
	faultyCall     int            // the number of the call that meets the fault; -1: none
	fault          string
	deliverDelayed func() // applies the effect of what was delayed
}

// awsFaults are the faults of a call.
var awsFaults = []string{
	"delayed",                // it takes effect after its caller gave up, before the next call
	"lost",                   // it takes effect, and no answer comes, however often it is tried
	"throttled",              // each try is
	"refused",                // for good
	"lost, and then refused", // the first try takes effect without an answer
}

func (t *faultTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	send := func(ctx context.Context) (*http.Response, error) {
		again := r.Clone(ctx)
		again.Body = io.NopCloser(bytes.NewReader(body))
		return http.DefaultTransport.RoundTrip(again)
	}
	sendOff := func() {
		if answer, err := send(context.WithoutCancel(r.Context())); err == nil {
			answer.Body.Close()
		}
	}
	lost := errors.New("connection reset by peer")
	try, fault := t.nextFault(r, body)
	switch {
	case fault == "":
		return send(r.Context())
	case fault == "delayed":
		if try == 1 {
			t.delay(sendOff)
		}
		return nil, lost
	case fault == "lost", fault == "lost, and then refused" && try == 1:
		sendOff()
		return nil, lost
	case fault == "throttled":
		return newRefusal(r, "ThrottlingException", http.StatusServiceUnavailable), nil
	}
	return newRefusal(r, "AccessDeniedException", http.StatusForbidden), nil
}

// nextFault returns the number of this try of a call, and its fault. The SDK tries a call
// three times; a request after that, or after an answer, is another call.
func (t *faultTransport) nextFault(r *http.Request, body []byte) (try int, fault string) {
	const tries = 3
	call := r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Amz-Target") + " " + string(body)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tries[call] == 0 {
		t.calls = append(t.calls, call)
		t.callNumber[call] = len(t.calls) - 1
		if late := t.deliverDelayed; late != nil {
			t.deliverDelayed = nil
			late()
		}
	}
	t.tries[call]++
	try = t.tries[call]
	if t.callNumber[call] == t.faultyCall {
		fault = t.fault
	}
	if fault == "" || fault == "refused" || try == tries {
		t.tries[call] = 0
	}
	return try, fault
}

func (t *faultTransport) delay(send func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deliverDelayed = send
}

// endFault ends the fault, when all that was delayed has arrived.
func (t *faultTransport) endFault() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deliverDelayed != nil {
		t.deliverDelayed()
	}
	t.deliverDelayed, t.faultyCall = nil, -1
}

// newRefusal returns a refusal by AWS, in S3's form or in that of the others.
func newRefusal(r *http.Request, code string, status int) *http.Response {
	text := "<Error><Code>" + code + "</Code></Error>"
	if r.Header.Get("X-Amz-Target") != "" {
		status, text = http.StatusBadRequest, `{"__type":"`+code+`","message":"injected"}`
	}
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(strings.NewReader(text)),
	}
}

// fakeTerraform is a Terraform that counts its applies.
type fakeTerraform struct {
	mu      sync.Mutex
	applies map[string]int
}

func (*fakeTerraform) Product() string { return "terraform" }
func (*fakeTerraform) Version() string { return "1.11.4" }
func (t *fakeTerraform) Open(_ context.Context, spec terraform.Spec) run.Session {
	fmt.Fprintln(spec.Log, "a log, which is stored with the snapshots")
	return fakeSession{t, spec.Name}
}

func (t *fakeTerraform) applyCount(name string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.applies[name]
}

type fakeSession struct {
	t    *fakeTerraform
	name string
}

func (s fakeSession) state() terraform.State {
	n := s.t.applyCount(s.name)
	if n == 0 {
		return terraform.State{}
	}
	return terraform.State{Lineage: s.name, Serial: int64(n)}
}

func (s fakeSession) Plan(context.Context) (*terraform.Plan, error) {
	n := s.t.applyCount(s.name)
	return &terraform.Plan{Empty: n > 0, StateExists: n > 0, Digest: "d", State: s.state()}, nil
}

func (s fakeSession) Apply(context.Context, *terraform.Plan) error {
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	s.t.applies[s.name]++
	return nil
}

func (s fakeSession) Outputs(context.Context, []byte) (terraform.Outputs, error) {
	return terraform.Outputs{Digest: "o", State: s.state()}, nil
}
func (fakeSession) Init(context.Context) error                { return nil }
func (fakeSession) SetVariable(terraform.Variable)            {}
func (fakeSession) PrepareApply(context.Context) error        { return nil }
func (fakeSession) ForceUnlock(context.Context, string) error { return nil }
func (fakeSession) GeneratedLockFile() []byte                 { return nil }
func (fakeSession) Close() error                              { return nil }

const remoteStateFiles = `
-- env/tokyo/main.tf --
terraform {
  backend "s3" {
    bucket       = "states"
    key          = "tokyo"
    use_lockfile = true
  }
}
output "text" {
  value = "one"
}
-- env/reader/main.tf --
terraform {
  backend "s3" {
    bucket       = "states"
    key          = "reader"
    use_lockfile = true
  }
}
data "terraform_remote_state" "tokyo" {
  backend = "s3"
  config = {
    bucket = "states"
    key    = "tokyo"
  }
}
`

// Each call of a pass to the record, the snapshots or the secrets is delayed, lost,
// throttled or refused in turn. Nothing is applied twice, all reports are true, and the
// later passes converge. Outside of `make check` each call meets every other fault, and
// its neighbour the rest.
func TestEveryCallToAWSMeetsEveryFault(t *testing.T) {
	t.Parallel()
	w := reconcilertest.NewEnv(t, remoteStateFiles)
	endpoint := dynamodbtest.Endpoint(t)
	sound := dynamodbtest.NewClient(endpoint)
	s3 := s3test.Start(t)
	secrets := awsfake.Start(t, nil)
	secrets.SetSecret("digest", "dGhpcyBpcyBub3QgYSBzZWNyZXQgYXQgYWxsLg==")
	tell := func(t *testing.T, number, faulty int, fault string) (calls []string) {
		way := &faultTransport{tries: map[string]int{}, callNumber: map[string]int{}, faultyCall: faulty, fault: fault}
		tf := &fakeTerraform{applies: map[string]int{}}
		bucket := fmt.Sprintf("scenario-%d", number)
		s3.CreateBucket(t, bucket)
		cfg := s3.Config()
		cfg.HTTPClient = &http.Client{Transport: way}
		snapshots, err := snapshot.Open(t.Context(), "s3://"+bucket, cfg)
		must(t, err)
		options := sound.Options()
		options.HTTPClient, options.Retryer = &http.Client{Transport: way}, newInstantRetryer()
		table := dynamodbtest.CreateTable(t, sound)
		cfg.BaseEndpoint = &secrets.URL
		config := w.Config
		config.Snapshots, config.Parallelism, config.LocalState = snapshots, 1, ""
		config.Record = state.New(dynamodb.New(awsdynamodb.New(options), table), "test", state.Options{})
		config.WorkDir = filepath.Join(t.TempDir(), "work")
		config.Terraform = func(context.Context) (run.Terraform, error) { return tf, nil }
		config.DigestKey = func(ctx context.Context) (string, []byte, error) {
			out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("digest")})
			if err != nil {
				return "", nil, err
			}
			return "k1", []byte(*out.SecretString), nil
		}
		r := reconciler.New(config)
		result, err := r.Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
		way.endFault()
		record := state.New(dynamodb.New(sound, table), "test", state.Options{})
		checkReportIsTrue(t, tf, record, result, err)
		if faulty < 0 && (err != nil || result.Outcome != run.OutcomeApplied) {
			t.Errorf("without a fault: %v %+v", err, result)
		}
		for range 2 {
			result, err = r.Pass(t.Context(), t.Context(), run.Options{})
		}
		if err != nil || result.Exit != run.ExitOK {
			t.Errorf("it does not converge: %v %+v", err, result)
		}
		records, err := record.Workspaces(t.Context())
		must(t, err)
		for _, name := range []string{"tokyo", "reader"} {
			if rec := records[name]; tf.applyCount(name) != 1 || rec.Attempt != nil || rec.Trace == nil {
				t.Errorf("%s was applied %d times; its record is %+v", name, tf.applyCount(name), rec)
			}
		}
		leases, err := record.Leases(t.Context())
		must(t, err)
		for identity, lease := range leases {
			if lease.Owner != "" {
				t.Errorf("the lease on %s was not given back", identity)
			}
		}
		return way.calls
	}
	whole := testtier.IsWhole(t)
	calls := tell(t, 0, -1, "")
	if len(calls) < 28 {
		t.Errorf("only %d calls: %.100q", len(calls), calls)
	}
	for n, call := range calls {
		for i, fault := range awsFaults {
			if !whole && (n+i)%2 != 0 {
				continue
			}
			t.Run(fmt.Sprintf("%02d %.60s %s", n, call, fault), func(t *testing.T) {
				t.Parallel()
				tell(t, 1+n*len(awsFaults)+i, n, fault)
			})
		}
	}
}

// checkReportIsTrue compares what a pass reported and recorded with what was applied.
func checkReportIsTrue(t *testing.T, tf *fakeTerraform, record *state.Record, result *run.Result, failed error) {
	t.Helper()
	records, err := record.Workspaces(t.Context())
	must(t, err)
	reported := map[string]state.Outcome{}
	for _, ws := range result.Workspaces {
		reported[ws.Name] = ws.Outcome
		if strings.Contains(ws.Error, "nothing was applied") && tf.applyCount(ws.Name) > 0 {
			t.Errorf("%s was applied, and the pass reports: %s", ws.Name, ws.Error)
		}
		if ws.Outcome == state.Applied && (records[ws.Name].Trace == nil || tf.applyCount(ws.Name) != 1) {
			t.Errorf("%s is reported as applied; it was applied %d times, and its record is %+v", ws.Name, tf.applyCount(ws.Name), records[ws.Name])
		}
	}
	for name, rec := range records {
		if rec.Attempt != nil && tf.applyCount(name) == 0 {
			t.Errorf("the record of %s has an attempt that was not started: %+v", name, rec)
		}
		if rec.Trace != nil && reported[name] != state.Applied && failed == nil {
			t.Errorf("%s is recorded as applied, and reported as %q", name, reported[name])
		}
	}
}
