package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/awsfake"
	"reconcile/internal/commitid"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

// buildResult is a build of the project: `reconcile now` with the project's
// variables and those that StartBuild overrides.
type buildResult struct {
	exit   int
	result struct {
		Outcome, Trigger string
		To               commitid.ID
		Workspaces       []struct{ Name, Outcome string }
	}
	out string
}

// newProject returns what CodeBuild runs for a build, and the builds that ended.
func newProject(t *testing.T, s *backlogtest.Server) (run func(awsfake.Job) error, builds chan buildResult) {
	t.Helper()
	dir, program := t.TempDir(), buildReconcile(t)
	builds = make(chan buildResult, 10)
	return func(w awsfake.Job) error {
		c := exec.Command(program, "now", "-o", "json")
		c.Dir = dir
		c.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "CHECKPOINT_DISABLE=1", "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE=1",
			"RECONCILE_REPO=" + s.GitURL, "RECONCILE_STATE=" + filepath.Join(dir, "state"),
			"RECONCILE_GIT_USERNAME=" + s.Git.Username, "RECONCILE_GIT_PASSWORD=" + s.Git.Password,
		}
		for name, value := range w.Variables {
			c.Env = append(c.Env, name+"="+value)
		}
		var out, logs bytes.Buffer
		c.Stdout, c.Stderr = &out, &logs
		err := c.Run()
		b := buildResult{exit: c.ProcessState.ExitCode(), out: out.String() + logs.String()}
		_ = json.Unmarshal(out.Bytes(), &b.result) // what was not read fails the test
		builds <- b
		return err
	}, builds
}

// From Backlog to what was applied: a pull request is merged, a webhook goes
// through API Gateway to the function, which starts a build, which runs a
// pass, which asks Git.
func TestPipeline(t *testing.T) {
	repo := gittest.New(t)
	workspace := func(input string) map[string]string {
		return map[string]string{"env/tokyo/main.tf": "resource \"terraform_data\" \"x\" {\n  input = \"" + input + "\"\n}\n"}
	}
	repo.Commit("first", workspace("1"))
	server := backlogtest.Start(t, repo)
	server.Git.Username, server.Git.Password = "ann", "s3cret-of-git"

	run, builds := newProject(t, server)
	aws := awsfake.Start(t, run)
	aws.SetSecret(secretARN, token)
	f := startEmulator(t, functionEnv(aws, "RECONCILE_REPO", server.GitURL))
	hook := (&gateway{t: t, kind: "rest", function: f}).serve()
	server.AddWebhook(backlogtest.ProjectHook, hook)

	repo.Git("checkout", "-q", "-b", "topic")
	repo.Commit("second", workspace("2"))
	server.NotifyPush()
	number := server.OpenPullRequest("topic", "A second")
	for _, d := range server.Deliveries() {
		if d.Status != http.StatusOK || !strings.Contains(d.Response, `"result":"ignored"`) {
			t.Errorf("%+v", d)
		}
	}

	// The merge is told twice, as a push and as a status; the second finds
	// nothing to do.
	merge := commitid.ID(server.Merge(number))
	deliveries := server.Deliveries()
	if len(deliveries) != 2 || deliveries[0].Status != http.StatusAccepted || deliveries[1].Status != http.StatusAccepted {
		t.Fatalf("%+v\n%s", deliveries, f.log)
	}
	outcomes := map[string]int{}
	for range deliveries {
		b := <-builds
		if b.exit != 0 || b.result.To != merge || b.result.Trigger != "webhook" {
			t.Fatalf("exit %d of %s", b.exit, b.out)
		}
		outcomes[b.result.Outcome]++
		for _, w := range b.result.Workspaces {
			outcomes[w.Name+" "+w.Outcome]++
		}
	}
	if outcomes["tokyo applied"] != 1 || outcomes["applied"] != 1 || outcomes["in-sync"] != 1 {
		t.Errorf("%v", outcomes)
	}

	// The repository has a webhook too, of the other kind.
	server.AddWebhook(backlogtest.GitHook, hook)
	repo.Git("checkout", "-q", "main")
	repo.Git("pull", "-q", "origin", "main")
	third := repo.Commit("third", workspace("3"))
	server.NotifyPush()
	for _, d := range server.Deliveries() {
		if d.Status != http.StatusAccepted { // it starts no build
			t.Fatalf("%+v\n%s", d, f.log)
		}
		if b := <-builds; b.exit != 0 || b.result.To != third {
			t.Errorf("exit %d of %s", b.exit, b.out)
		}
	}
	if jobs, _ := aws.StartedJobs(); len(jobs) != 4 {
		t.Errorf("%d builds", len(jobs))
	}
	checkNoSecret(t, f)
}
