package reconciler_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awsdynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/internal/reconcilertest"
	"reconcile/reconciler/run"
	"reconcile/reconciler/terraform"
	"reconcile/state"
	"reconcile/state/dynamodb"
	"reconcile/state/dynamodb/dynamodbtest"
	"reconcile/state/snapshot"
	"reconcile/state/snapshot/s3test"
)

// unreliableTransport is the transport to DynamoDB: each request is throttled at first,
// or takes effect and its answer is lost.
type unreliableTransport struct {
	mu        sync.Mutex
	seen      map[string]bool
	throttled int
	lost      int
}

func (u *unreliableTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	switch u.nextFault(r.Header.Get("X-Amz-Target") + string(body)) {
	case "throttled":
		const answer = `{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}`
		return &http.Response{
			StatusCode: http.StatusBadRequest, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}}, Body: io.NopCloser(strings.NewReader(answer)),
		}, nil
	case "lost":
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err == nil {
			answer.Body.Close()
		}
		return nil, errors.New("connection reset by peer")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// nextFault chooses the fault of a request that is new: each fault in turn.
func (u *unreliableTransport) nextFault(request string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.seen[request] {
		return ""
	}
	u.seen[request] = true
	if u.lost < u.throttled {
		u.lost++
		return "lost"
	}
	u.throttled++
	return "throttled"
}

// newInstantRetryer retries as often as usual, without waiting.
func newInstantRetryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		o.RateLimiter = ratelimit.None
	})
}

// If DynamoDB throttles, or loses answers after requests took effect, a pass gives the
// same result as without faults.
func TestUnreliableDynamoDB(t *testing.T) {
	t.Parallel()
	endpoint := dynamodbtest.Endpoint(t)
	sound := dynamodbtest.NewClient(endpoint)
	table := dynamodbtest.CreateTable(t, sound)
	way := &unreliableTransport{seen: map[string]bool{}}
	options := sound.Options()
	options.HTTPClient, options.Retryer = &http.Client{Transport: way}, newInstantRetryer()
	w := reconcilertest.NewEnv(t, reconcilertest.SmallFiles)
	w.Config.Record = state.New(dynamodb.New(awsdynamodb.New(options), table), "test", state.Options{})
	w.Record = state.New(dynamodb.New(sound, table), "test", state.Options{})
	assertConverges(w, outcomeMap{"tokyo": state.Applied, "osaka": state.Applied, "reader": state.Applied})
	if way.throttled < 10 || way.lost < 10 {
		t.Errorf("%d requests were throttled, and %d answers lost", way.throttled, way.lost)
	}
	for name, rec := range dumpRecord(w).Workspaces {
		if rec.ApplyCount != 1 || rec.Attempt != nil {
			t.Errorf("%s: the record is %+v", name, rec)
		}
	}
	for identity, lease := range dumpRecord(w).Leases {
		if lease.Owner != "" {
			t.Errorf("the lease on %s was not given back", identity)
		}
	}
}

// If the snapshot cannot be stored, nothing is applied. If logs cannot be stored, all is
// applied.
func TestRefusingS3(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket(t, reconcilertest.Bucket)
	w := reconcilertest.NewEnv(t, tokyoWorkspace)
	snapshots, err := snapshot.Open(t.Context(), "s3://"+reconcilertest.Bucket+"/snapshots", server.Config())
	w.Must(err)
	w.Config.Snapshots = snapshots
	refuse := func(status int, what string) {
		server.Inject(func(r *http.Request) int {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, what) {
				return status
			}
			return s3test.Serve
		})
	}
	for _, status := range []int{http.StatusForbidden, http.StatusServiceUnavailable, s3test.Disconnect} {
		refuse(status, "/snapshots/")
		result, err := w.Reconciler().Pass(t.Context(), t.Context(), run.Options{Trigger: run.TriggerSchedule})
		if err == nil || !strings.Contains(err.Error(), "nothing was applied") || result.Exit != run.ExitFailed {
			t.Errorf("%d: the pass ends with %v: %+v", status, err, result)
		}
		if e := dumpRecord(w); len(e.Workspaces) > 0 || e.Head.Settled {
			t.Errorf("%d: recorded is %+v", status, e)
		}
	}
	refuse(http.StatusForbidden, "/runs/")
	assertConverges(w, outcomeMap{"tokyo": state.Applied})
}

// A backend refuses the last write of a state, so Terraform leaves the state in a file
// here. Nothing is planned until someone has pushed it.
func TestBackendRefusesTheLastWrite(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket(t, reconcilertest.Bucket)
	w := reconcilertest.NewEnv(t, tokyoWorkspace+"-- env/tokyo/backend.tf --\n"+server.BackendConfig(reconcilertest.Bucket, "tokyo.tfstate"))
	var binary string
	w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(w.Spec.Home, "work"), Env: server.Env})
		if err != nil {
			return nil, err
		}
		binary = tf.Binary()
		return run.AdaptTerraform(tf), nil
	}
	schedule := run.Options{Trigger: run.TriggerSchedule}
	server.Inject(func(r *http.Request) int {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "tokyo.tfstate") {
			return http.StatusForbidden
		}
		return s3test.Serve
	})
	result, got := w.RunPass(schedule)
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Blocked}, got); diff != "" || result.Exit != run.ExitPending {
		t.Fatalf("the pass with the fault: %s\n%+v", diff, result)
	}
	server.Inject(nil)
	e := dumpRecord(w)
	hold, tokyo := e.Holds["tokyo"], e.Workspaces["tokyo"]
	if hold.Kind != state.Recovery || !strings.Contains(hold.Help, "state push") || tokyo.Attempt == nil || tokyo.Trace != nil {
		t.Errorf("the record is %+v", e)
	}

	// The fault is over, but nothing is planned: neither on schedule nor in a manual run.
	terraformOf := w.Config.Terraform
	w.Config.Terraform = func(context.Context) (run.Terraform, error) {
		t.Error("Terraform was asked for")
		return nil, errors.New("nothing is to be planned")
	}
	for _, o := range []run.Options{schedule, {}, {Replan: true}} {
		if result, got := w.RunPass(o); got["tokyo"] != state.Blocked && result.Snapshot != "" {
			t.Errorf("the pass after it: %+v", result)
		}
	}
	w.Config.Terraform = terraformOf

	// A person does what the hold says.
	saved, err := filepath.Glob(filepath.Join(w.Spec.Home, "work", "errored", "*.tfstate"))
	if err != nil || len(saved) != 1 || !strings.Contains(hold.Reason, saved[0]) {
		t.Fatalf("saved states: %v (%v); the hold: %s", saved, err, hold.Reason)
	}
	for _, args := range [][]string{{"init", "-input=false"}, {"state", "push", saved[0]}} {
		cmd := exec.Command(binary, args...)
		cmd.Dir, cmd.Env = filepath.Join(w.Repo.Work, "env", "tokyo"), append(cmd.Environ(), server.Env()...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("terraform %v: %v\n%s", args, err, out)
		}
	}
	if lifted, err := w.Record.RemoveHold(t.Context(), "tokyo"); err != nil || !lifted {
		t.Fatalf("resume: %v, %v", lifted, err)
	}
	assertConverges(w, outcomeMap{"tokyo": state.NoChanges})
}

// A role that may write a state but not release its lock has applied all the same. The
// missing permission is named, and once it is granted the next pass continues by itself.
func TestRoleThatMayNotFreeTheLock(t *testing.T) {
	t.Parallel()
	server := s3test.Start(t)
	server.CreateBucket(t, reconcilertest.Bucket)
	w := reconcilertest.NewEnv(t, tokyoWorkspace+"-- env/tokyo/backend.tf --\n"+server.BackendConfig(reconcilertest.Bucket, "tokyo.tfstate"))
	w.Config.Terraform = func(ctx context.Context) (run.Terraform, error) {
		tf, err := terraform.New(ctx, terraform.Options{WorkDir: filepath.Join(w.Spec.Home, "work"), Env: server.Env})
		if err != nil {
			return nil, err
		}
		return run.AdaptTerraform(tf), nil
	}
	written := false
	server.Inject(func(r *http.Request) int {
		written = written || r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "tokyo.tfstate")
		if written && r.Method == http.MethodDelete {
			return http.StatusForbidden
		}
		return s3test.Serve
	})
	result, got := w.RunPass(run.Options{})
	warnings := strings.Join(result.Workspaces[0].Warnings, "\n")
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Applied}, got); diff != "" || !strings.Contains(warnings, "AccessDenied") {
		t.Fatalf("%s%+v", diff, result)
	}
	if rec := dumpRecord(w).Workspaces["tokyo"]; rec.Attempt != nil || rec.ApplyCount != 1 {
		t.Errorf("the record is %+v", rec)
	}
	w.Commit("-- env/tokyo/more.tf --\nresource \"terraform_data\" \"more\" {}\n")
	result, got = w.RunPass(run.Options{})
	if diff := cmp.Diff(outcomeMap{"tokyo": state.Failed}, got); diff != "" || !strings.Contains(result.Workspaces[0].Error, "AccessDenied") {
		t.Errorf("with its lock still there: %s%+v", diff, result)
	}
	server.Inject(nil)
	if result, got = w.RunPass(run.Options{}); got["tokyo"] != state.Applied {
		t.Errorf("once it may: %+v", result)
	}
}
