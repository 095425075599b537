package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"reconcile/internal/awsfake"
)

// fakeExecutors runs the builds and tasks of CodeBuild and ECS as processes of this
// machine, each with its own disk (--work) and without Git's password.
type fakeExecutors struct {
	env      []string
	dir      string
	skipWork atomic.Bool // jobs end without doing anything
	cloud    *awsfake.Server
}

// executors starts CodeBuild and ECS; executors silent|willing makes them
// do no work from here on, or work again. executors throttled makes them refuse
// the next four status calls: one more than the SDK tries.
func executorsCommand(ts *testscript.TestScript, neg bool, args []string) {
	w := fixtureOf(ts)
	if neg || len(args) > 1 {
		ts.Fatalf("usage: executors [silent|willing|throttled]")
	}
	if len(args) == 1 && args[0] == "throttled" {
		w.executors.cloud.FailStatus(4, "ThrottlingException")
		return
	}
	if len(args) == 1 {
		w.executors.skipWork.Store(args[0] == "silent")
		return
	}
	x := &fakeExecutors{dir: ts.MkAbs("executors")}
	for _, name := range []string{"PATH", "HOME", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED",
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL_STS"} {
		x.env = append(x.env, name+"="+ts.Getenv(name))
	}
	x.cloud = awsfake.Start(w.tb, x.run)
	w.cloud.keys = newCountingProxy(w, x.cloud.URL)
	x.env = append(x.env, "AWS_ENDPOINT_URL_SECRETS_MANAGER="+w.cloud.keys.url, "AWS_ENDPOINT_URL_SSM="+w.cloud.secrets.URL)
	w.executors = x
	ts.Setenv("AWS_ENDPOINT_URL_CODEBUILD", x.cloud.URL)
	ts.Setenv("AWS_ENDPOINT_URL_ECS", x.cloud.URL)
}

// executor-secret NAME VALUE sets a secret for builds and tasks. Their role can read
// no other secrets.
func executorSecretCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: executor-secret NAME VALUE")
	}
	fixtureOf(ts).executors.cloud.SetSecret(args[0], args[1])
}

// check-started N COMMAND checks that N tasks and builds were started with a command
// that begins so.
func checkStartedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: check-started N COMMAND")
	}
	jobs, _ := fixtureOf(ts).executors.cloud.StartedJobs()
	n := 0
	for _, w := range jobs {
		command := strings.Join(w.Command, " ")
		if len(w.Commands) > 0 {
			command = strings.ReplaceAll(strings.TrimPrefix(w.Commands[0], "exec reconcile "), "'", "")
		}
		if strings.HasPrefix(command, args[1]+" ") {
			n++
		}
	}
	if fmt.Sprint(n) != args[0] {
		ts.Fatalf("%d jobs were started with %s, want %s", n, args[1], args[0])
	}
}

func (e *fakeExecutors) run(w awsfake.Job) error {
	if e.skipWork.Load() {
		return errors.New("silent")
	}
	c := exec.Command(w.Container, w.Command...)
	if len(w.Commands) > 0 {
		c = exec.Command("sh", "-c", w.Commands[0])
	}
	c.Env = append(slices.Clone(e.env), "RECONCILE_WORK="+filepath.Join(e.dir, w.Token), "CODEBUILD_BUILD_ID="+w.ID)
	text, err := c.CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v: %s\n", w.ID, err, text)
	}
	return err
}
