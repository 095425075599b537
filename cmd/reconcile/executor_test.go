package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// executors stands for the two calls that CodeBuild and ECS are asked for,
// each: what they start are processes of this machine, with a disk (--work)
// of their own and without Git's password.
type executors struct {
	env []string
	dir string

	mu      sync.Mutex
	started map[string]*started // by token
	tokens  []string
	silent  bool // what is started ends without having done anything
}

type started struct {
	id    string
	ended bool
}

// executors starts the stand-in; executors silent|willing has it run nothing
// from here on, or do its work again.
func executorsCommand(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	if neg || len(args) > 1 {
		ts.Fatalf("usage: executors [silent|willing]")
	}
	if len(args) == 1 {
		w.executors.mu.Lock()
		defer w.executors.mu.Unlock()
		w.executors.silent = args[0] == "silent"
		return
	}
	x := &executors{dir: ts.MkAbs("executors"), started: map[string]*started{}}
	for _, name := range []string{"PATH", "HOME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED",
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		x.env = append(x.env, name+"="+ts.Getenv(name))
	}
	server := httptest.NewServer(x)
	w.tb.Cleanup(server.Close)
	w.executors = x
	ts.Setenv("AWS_ENDPOINT_URL_CODEBUILD", server.URL)
	ts.Setenv("AWS_ENDPOINT_URL_ECS", server.URL)
}

// ServeHTTP answers as CodeBuild (API version 2016-10-06) and ECS
// (2014-11-13) do, in AWS's JSON protocol 1.1.
func (x *executors) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		IdempotencyToken, BuildspecOverride string
		Ids                                 []string

		ClientToken string
		Overrides   struct {
			ContainerOverrides []struct {
				Name    string
				Command []string
			}
		}
		Tasks []string
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch action {
	case "StartBuild":
		var spec struct {
			Phases struct{ Build struct{ Commands []string } }
		}
		if err := json.Unmarshal([]byte(in.BuildspecOverride), &spec); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		id := x.start(in.IdempotencyToken, "reconcile:"+in.IdempotencyToken, "sh", "-c", spec.Phases.Build.Commands[0])
		answer(map[string]any{"build": map[string]any{"id": id}})
	case "BatchGetBuilds":
		answer(map[string]any{"builds": []any{map[string]any{"id": in.Ids[0], "buildComplete": x.ended(in.Ids[0]), "buildStatus": "FAILED"}}})
	case "RunTask":
		arn := "arn:aws:ecs:ap-northeast-1:123456789012:task/passes/" + in.ClientToken
		o := in.Overrides.ContainerOverrides[0]
		id := x.start(in.ClientToken, arn, o.Name, o.Command...)
		answer(map[string]any{"tasks": []any{map[string]any{"taskArn": id, "lastStatus": "PROVISIONING"}}})
	case "DescribeTasks":
		status := "RUNNING"
		if x.ended(in.Tasks[0]) {
			status = "STOPPED"
		}
		answer(map[string]any{"tasks": []any{map[string]any{"taskArn": in.Tasks[0], "lastStatus": status, "stoppedReason": "Essential container in task exited"}}})
	default:
		http.Error(w, "not known here: "+action, http.StatusBadRequest)
	}
}

func (x *executors) start(token, id, name string, args ...string) string {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s, ok := x.started[token]; ok {
		return s.id
	}
	s := &started{id: id}
	x.started[token], x.tokens = s, append(x.tokens, token)
	if x.silent {
		s.ended = true
		return id
	}
	c := exec.Command(name, args...)
	c.Env = append(x.env, "RECONCILE_WORK="+filepath.Join(x.dir, token), "CODEBUILD_BUILD_ID="+id)
	go func() {
		text, err := c.CombinedOutput()
		x.mu.Lock()
		defer x.mu.Unlock()
		s.ended = true
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v: %s\n", id, err, text)
		}
	}()
	return id
}

func (x *executors) ended(id string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range x.started {
		if s.id == id {
			return s.ended
		}
	}
	return true
}

func TestParseECS(t *testing.T) {
	got, err := parseECS("ecs://passes/reconcile:7?subnets=subnet-1,subnet-2&security_groups=sg-1")
	if err != nil || got.cluster != "passes" || got.definition != "reconcile:7" || got.container != "reconcile" || len(got.subnets) != 2 || len(got.groups) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, wrong := range []string{
		"ecs://", "ecs://passes", "ecs://passes/reconcile", "ecs:///reconcile?subnets=a&security_groups=b",
		"ecs://passes/a/b?subnets=a&security_groups=b", "ecs://passes/a?subnets=a&security_groups=b&subnet=c",
	} {
		if _, err := parseECS(wrong); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func TestBuildspecQuotes(t *testing.T) {
	spec, err := buildspec([]string{"work", "it's", "$(id)"})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Phases struct{ Build struct{ Commands []string } }
	}
	if err := json.Unmarshal([]byte(spec), &got); err != nil {
		t.Fatal(err)
	}
	if want := `exec reconcile 'work' 'it'\''s' '$(id)'`; got.Phases.Build.Commands[0] != want {
		t.Errorf("%s, want %s", got.Phases.Build.Commands[0], want)
	}
}
