package awsworker

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/internal/awsredact"
	"reconcile/reconciler/run"
	"reconcile/state"
)

const (
	taskARN = "arn:aws:ecs:ap-northeast-1:123456789012:task/reconcile/0123456789abcdef"
	buildID = "reconcile:01234567-89ab-cdef-0123-456789abcdef"
)

// newFakeAction starts a fake of AWS that answers one action only.
func newFakeAction(t *testing.T, action, answer string) func() (aws.Config, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Amz-Target"); !strings.HasSuffix(got, "."+action) {
			t.Errorf("asked for %s, not %s", got, action)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return func() (aws.Config, error) {
		return aws.Config{
			Region: "ap-northeast-1", BaseEndpoint: &server.URL,
			Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		}, nil
	}
}

// Only what AWS says has ended is dead.
func TestProcessDead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, action, answer string
		process              state.Process
		dead                 bool
	}{
		{"task stopped", "DescribeTasks", `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"STOPPED"}]}`, state.Process{TaskARN: taskARN}, true},
		{"task stopping", "DescribeTasks", `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"DEACTIVATING"}]}`, state.Process{TaskARN: taskARN}, false},
		{"task forgotten", "DescribeTasks", `{"failures":[{"arn":"` + taskARN + `","reason":"MISSING"}]}`, state.Process{TaskARN: taskARN}, false},
		{"another task", "DescribeTasks", `{"tasks":[{"taskArn":"` + taskARN + `0","lastStatus":"STOPPED"}]}`, state.Process{TaskARN: taskARN}, false},
		{"build ended", "BatchGetBuilds", `{"builds":[{"id":"` + buildID + `","buildComplete":true}]}`, state.Process{BuildID: buildID}, true},
		{"build runs", "BatchGetBuilds", `{"builds":[{"id":"` + buildID + `","buildComplete":false}]}`, state.Process{BuildID: buildID}, false},
		{"build forgotten", "BatchGetBuilds", `{"buildsNotFound":["` + buildID + `"]}`, state.Process{BuildID: buildID}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := newFakeAction(t, test.action, test.answer)
			if dead, err := IsProcessDead(t.Context(), config, test.process); err != nil || dead != test.dead {
				t.Errorf("dead %v, %v", dead, err)
			}
		})
	}
	panicAWS := func() (aws.Config, error) { panic("AWS was asked for") }
	if dead, err := IsProcessDead(t.Context(), panicAWS, state.Process{Host: "elsewhere", PID: 1}); dead || err != nil {
		t.Errorf("a process elsewhere: dead %v, %v", dead, err)
	}
}

// What is not known is not ended: it may have been started a moment ago.
func TestExecutorStatus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, action, answer, id string
		status                   run.TaskStatus
	}{
		{"task runs", "DescribeTasks", `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"PENDING"}]}`, taskARN, run.TaskRunning},
		{"task stopped", "DescribeTasks", `{"tasks":[{"taskArn":"` + taskARN + `","lastStatus":"STOPPED"}]}`, taskARN, run.TaskEnded},
		{"no such task", "DescribeTasks", `{"failures":[{"arn":"` + taskARN + `","reason":"MISSING"}]}`, taskARN, run.TaskNotFound},
		{"build runs", "BatchGetBuilds", `{"builds":[{"id":"` + buildID + `","buildComplete":false}]}`, buildID, run.TaskRunning},
		{"build ended", "BatchGetBuilds", `{"builds":[{"id":"` + buildID + `","buildComplete":true}]}`, buildID, run.TaskEnded},
		{"no such build", "BatchGetBuilds", `{"buildsNotFound":["` + buildID + `"]}`, buildID, run.TaskNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			aws := newFakeAction(t, test.action, test.answer)
			var e run.Executor = &CodeBuild{AWS: aws}
			if test.id == taskARN {
				e = &ECS{AWS: aws}
			}
			if status, _, err := e.Status(t.Context(), test.id); err != nil || status != test.status {
				t.Errorf("%v, %v", status, err)
			}
		})
	}
}

// What AWS does not say just now may be asked again; what it refuses stays
// refused.
func TestExecutorStatusUnknown(t *testing.T) {
	t.Parallel()
	cut := func(http.ResponseWriter) { panic(http.ErrAbortHandler) }
	refuse := func(status int, code string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{"__type":"`+code+`","message":"told to"}`)
		}
	}
	for _, test := range []struct {
		name      string
		answer    func(http.ResponseWriter)
		transient bool
	}{
		{"throttled", refuse(http.StatusBadRequest, "ThrottlingException"), true},
		{"too many", refuse(http.StatusTooManyRequests, "TooManyRequestsException"), true},
		{"error", refuse(http.StatusInternalServerError, "ServerException"), true},
		{"unavailable", refuse(http.StatusServiceUnavailable, ""), true},
		{"cut", cut, true},
		{"denied", refuse(http.StatusBadRequest, "AccessDeniedException"), false},
		{"no cluster", refuse(http.StatusBadRequest, "ClusterNotFoundException"), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { test.answer(w) }))
			defer server.Close()
			cfg := aws.Config{
				Region: "ap-northeast-1", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
				Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
			}
			awsredact.RedactErrors(&cfg)
			config := func() (aws.Config, error) { return cfg, nil }
			for id, e := range map[string]run.Executor{buildID: &CodeBuild{AWS: config}, taskARN: &ECS{AWS: config}} {
				if _, _, err := e.Status(t.Context(), id); err == nil || errors.Is(err, run.ErrTransient) != test.transient {
					t.Errorf("%s: %v", id, err)
				}
			}
		})
	}
}

func TestClusterOf(t *testing.T) {
	t.Parallel()
	if cluster, err := clusterOf(taskARN); err != nil || cluster != "reconcile" {
		t.Errorf("%q, %v", cluster, err)
	}
	if _, err := clusterOf("arn:aws:ecs:ap-northeast-1:123456789012:task/0123"); err == nil {
		t.Error("an ARN without a cluster was taken")
	}
}

func TestOwnTask(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v4/abc/task" {
			http.NotFound(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"Cluster": "reconcile", "TaskARN": taskARN})
	}))
	defer server.Close()
	if arn, err := fetchTaskARN(t.Context(), server.URL+"/v4/abc"); err != nil || arn != taskARN {
		t.Errorf("%q, %v", arn, err)
	}
	if arn, err := fetchTaskARN(t.Context(), server.URL+"/v4/xyz"); err == nil {
		t.Errorf("got %q", arn)
	}
}
