package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/awsfake"
	"reconcile/reconciler/backlog/webhook"
)

const (
	token     = "s3cret-hook-token"
	secretARN = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:reconcile/webhook-abcdef"

	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

// functionEnv returns the environment of the function, with Lambda's own variables.
func functionEnv(c *awsfake.Server, changes ...string) map[string]string {
	v := map[string]string{
		"RECONCILE_REPO":              "https://example.backlog.com/git/INFRA/estate.git",
		"RECONCILE_WEBHOOK_TOKEN":     "secretsmanager://" + secretARN,
		"RECONCILE_WEBHOOK_FROM":      "127.0.0.1",
		"RECONCILE_WEBHOOK_STARTS":    "codebuild://reconcile",
		"AWS_REGION":                  "ap-northeast-1",
		"AWS_ACCESS_KEY_ID":           "AKIAEXAMPLE",
		"AWS_SECRET_ACCESS_KEY":       "s3cret-of-aws",
		"AWS_SESSION_TOKEN":           "s3cret-session",
		"AWS_ENDPOINT_URL":            c.URL,
		"AWS_LAMBDA_FUNCTION_TIMEOUT": "10",
	}
	for i := 0; i < len(changes); i += 2 {
		v[changes[i]] = changes[i+1]
	}
	return v
}

// startCloud starts an AWS whose builds and tasks do nothing, and that has the
// token.
func startCloud(t testing.TB) *awsfake.Server {
	t.Helper()
	c := awsfake.Start(t, func(awsfake.Job) error { return nil })
	c.SetSecret(secretARN, token)
	return c
}

// readSample reads the body of a webhook from the samples of the webhook package.
func readSample(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../reconciler/backlog/webhook/testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// postWebhook sends a webhook and returns what is answered.
func postWebhook(t testing.TB, target, contentType, body string) (status int, answer webhook.Response) {
	t.Helper()
	response, err := http.Post(target, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		t.Fatalf("%d %s: %v", response.StatusCode, text, err)
	}
	return response.StatusCode, answer
}

// Every way in which a webhook can arrive starts a build.
func TestStartBuild(t *testing.T) {
	git := url.Values{"payload": {readSample(t, "git-push.json")}}.Encode()
	for _, kind := range []string{"rest", "http-1.0", "http-2.0"} {
		t.Run(kind, func(t *testing.T) {
			c := startCloud(t)
			f := startEmulator(t, functionEnv(c))
			target := (&gateway{t: t, kind: kind, function: f}).serve()
			query := strings.TrimSuffix(target, "/"+token) + "?token=" + token
			for i, hook := range []struct{ target, contentType, body string }{
				{target, jsonType, readSample(t, "project-push.json")},
				{target, jsonType, readSample(t, "project-merge.json")},
				{query, formType, git},
			} {
				status, answer := postWebhook(t, hook.target, hook.contentType, hook.body)
				if want := fmt.Sprintf("build reconcile:%d", i+1); status != http.StatusAccepted || answer.Result != webhook.ResultStarted || !strings.HasSuffix(answer.Reason, want) {
					t.Errorf("%d %+v, want %s\n%s", status, answer, want, f.log)
				}
			}
			jobs, _ := c.StartedJobs()
			if want := `"environmentVariablesOverride":[{"name":"RECONCILE_TRIGGER","type":"PLAINTEXT","value":"webhook"}]`; len(jobs) != 3 || !strings.Contains(string(jobs[0].Input), want) {
				t.Errorf("%d started, the first %s", len(jobs), jobs[0].Input)
			}
			checkNoSecret(t, f)
		})
	}
}

func TestRunTask(t *testing.T) {
	for query, publicIP := range map[string]string{"": "DISABLED", "&public_ip=true": "ENABLED"} {
		t.Run(publicIP, func(t *testing.T) { checkRunTask(t, query, publicIP) })
	}
}

func checkRunTask(t *testing.T, query, publicIP string) {
	c := startCloud(t)
	f := startEmulator(t, functionEnv(c, "RECONCILE_WEBHOOK_STARTS", "ecs://estate/reconcile:3?subnets=subnet-1,subnet-2&security_groups=sg-1"+query))
	target := (&gateway{t: t, kind: "http-2.0", function: f}).serve()
	status, answer := postWebhook(t, target, jsonType, readSample(t, "project-push.json"))
	if status != http.StatusAccepted || !strings.HasSuffix(answer.Reason, "task arn:aws:ecs:ap-northeast-1:123456789012:task/estate/1") {
		t.Errorf("%d %+v\n%s", status, answer, f.log)
	}
	jobs, _ := c.StartedJobs()
	input := strings.Replace(string(jobs[0].Input), `"clientToken":"`+jobs[0].Token+`",`, "", 1)
	want := `{"cluster":"estate","launchType":"FARGATE",` +
		`"networkConfiguration":{"awsvpcConfiguration":{"assignPublicIp":"` + publicIP + `","securityGroups":["sg-1"],"subnets":["subnet-1","subnet-2"]}},` +
		`"overrides":{"containerOverrides":[{"command":["now","--trigger","webhook"],"name":"reconcile"}]},` +
		`"propagateTags":"TASK_DEFINITION","taskDefinition":"reconcile:3"}`
	if input != want {
		t.Errorf("got  %s\nwant %s", input, want)
	}
}

// Whatever else comes is answered and logged, and starts nothing.
func TestUnusualRequests(t *testing.T) {
	c := startCloud(t)
	f := startEmulator(t, functionEnv(c))
	g := &gateway{t: t, kind: "rest", function: f}
	target := g.serve()
	push, merge := readSample(t, "project-push.json"), readSample(t, "project-merge.json")
	for _, test := range []struct {
		name, target, body string
		status             int
		result, reason     string
	}{
		{"another branch", target, strings.ReplaceAll(push, "heads/main", "heads/topic"), 200, webhook.ResultIgnored, "another branch was pushed: topic"},
		{"a tag", target, strings.ReplaceAll(push, "heads/main", "tags/v1"), 200, webhook.ResultIgnored, "a tag was pushed: v1"},
		{"a deleted branch", target, strings.Replace(push, `"update"`, `"delete"`, 1), 200, webhook.ResultIgnored, "the branch was deleted: there is nothing to apply"},
		{"another repository", target, strings.Replace(push, `"estate"`, `"app"`, 1), 200, webhook.ResultIgnored, "it is about the repository INFRA/app"},
		{"merged elsewhere", target, strings.Replace(merge, `"base": "main"`, `"base": "release"`, 1), 200, webhook.ResultIgnored, "pull request 12 was merged into release"},
		{"not merged", target, strings.Replace(merge, `"3"`, `"2"`, 1), 200, webhook.ResultIgnored, "pull request 12 was not merged by this event"},
		{"an unknown type", target, `{"id":1,"type":999}`, 200, webhook.ResultIgnored, "activities of type 999 do not change a branch"},
		{"malformed JSON", target, `{"id":`, 400, webhook.ResultRefused, "not a Backlog webhook: unexpected end of JSON input"},
		{"nothing", target, "", 400, webhook.ResultRefused, "not a Backlog webhook: unexpected end of JSON input"},
		{"5 MB", target, strings.Repeat("x", 5<<20), 413, webhook.ResultRefused, "the body is larger than 524288 bytes"},
		{"a wrong token", target + "x", push, 403, webhook.ResultRefused, "the token is wrong or missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			status, answer := postWebhook(t, test.target, jsonType, test.body)
			if status != test.status || answer.Result != test.result || answer.Reason != test.reason {
				t.Errorf("%d %+v", status, answer)
			}
			waitLogged(t, f, status, answer)
		})
	}
	// What API Gateway and Lambda refuse by themselves.
	for _, size := range []int{8 << 20, 10<<20 + 1} {
		response, err := http.Post(target, jsonType, strings.NewReader(strings.Repeat("x", size)))
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%d bytes: %s", size, response.Status)
		}
	}
	g.sourceIP = "198.51.100.1"
	if status, answer := postWebhook(t, target, jsonType, push); status != 403 || answer.Reason != "this address is not allowed" {
		t.Errorf("%d %+v", status, answer)
	}
	// An event that is none of API Gateway's.
	out, err := f.invoke(t.Context(), []byte(`{}`))
	if err != nil || !strings.Contains(string(out), `"statusCode":403`) {
		t.Errorf("%s, %v", out, err)
	}
	if jobs, calls := c.StartedJobs(); len(jobs)+calls > 0 {
		t.Errorf("started %v", jobs)
	}
	checkNoSecret(t, f)
}

// A body that says it is base64 and is not is no webhook.
func TestBrokenBase64(t *testing.T) {
	f := startEmulator(t, functionEnv(startCloud(t)))
	g := &gateway{t: t, kind: "http-2.0", function: f}
	request, err := http.NewRequest(http.MethodPost, "http://example/hook/"+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.RemoteAddr = "127.0.0.1:1"
	event := strings.Replace(string(g.newEvent(request, []byte("x"))), `"body":"eA=="`, `"body":"%%"`, 1)
	out, err := f.invoke(t.Context(), []byte(event))
	if err != nil || !strings.Contains(string(out), `"statusCode":400`) {
		t.Errorf("%s of %s, %v", out, event, err)
	}
}

// Whatever AWS does, there is an answer in time, and what failed may come
// again.
func TestAWSFails(t *testing.T) {
	c := startCloud(t)
	f := startEmulator(t, functionEnv(c, "AWS_LAMBDA_FUNCTION_TIMEOUT", "2"))
	target := (&gateway{t: t, kind: "rest", function: f}).serve()
	push := readSample(t, "project-push.json")
	expect := func(status int, result string) {
		t.Helper()
		got, answer := postWebhook(t, target, jsonType, push)
		if got != status || answer.Result != result {
			t.Errorf("%d %+v\n%s", got, answer, f.log)
		}
	}
	c.SetSecret(secretARN, "")
	expect(503, webhook.ResultFailed)
	c.SetSecret(secretARN, token+"\n")
	c.NeverAnswer(true)
	expect(503, webhook.ResultFailed)
	c.NeverAnswer(false)
	c.Fail("AccessDeniedException")
	expect(503, webhook.ResultFailed)
	c.Fail("AccountLimitExceededException")
	expect(200, webhook.ResultRunning)
	c.Fail("")
	expect(200, webhook.ResultRepeated)
	if jobs, _ := c.StartedJobs(); len(jobs) != 0 {
		t.Errorf("started %v", jobs)
	}
	checkNoSecret(t, f)
}

// An event that comes five times, to two copies of the function, starts one
// build.
func TestRepeatedEvent(t *testing.T) {
	c := startCloud(t)
	first, second := startEmulator(t, functionEnv(c)), startEmulator(t, functionEnv(c))
	for i, f := range []*emulator{first, first, second, second, first} {
		target := (&gateway{t: t, kind: "rest", function: f}).serve()
		if status, answer := postWebhook(t, target, jsonType, readSample(t, "project-push.json")); status/100 != 2 {
			t.Errorf("%d: %d %+v", i, status, answer)
		}
	}
	if jobs, calls := c.StartedJobs(); len(jobs) != 1 || calls != 2 {
		t.Errorf("%d calls started %v", calls, jobs)
	}
}

// A function with wrong settings does not start, and says which.
func TestWrongSettings(t *testing.T) {
	f := startEmulator(t, functionEnv(startCloud(t), "RECONCILE_WEBHOOK_STARTS", "lambda://x"))
	out, err := f.invoke(t.Context(), []byte(`{}`))
	if err != nil || len(out) > 0 {
		t.Errorf("%s, %v", out, err)
	}
	f.log.waitFor(t, func(line string) bool { return strings.Contains(line, targetUsage) })
	f.log.waitFor(t, func(line string) bool { return strings.Contains(line, "exit status 1") })
}

// waitLogged waits for the line that the function logs about an answer.
func waitLogged(t *testing.T, f *emulator, status int, answer webhook.Response) {
	f.log.waitFor(t, func(text string) bool {
		var line struct {
			Msg, Result, Reason string
			Status              int
		}
		return json.Unmarshal([]byte(text), &line) == nil && line.Msg == "webhook" &&
			line.Status == status && line.Result == answer.Result && line.Reason == answer.Reason
	})
}

// checkNoSecret: nothing that the function printed is secret.
func checkNoSecret(t *testing.T, f *emulator) {
	t.Helper()
	if strings.Contains(f.log.String(), "s3cret") {
		t.Errorf("a secret is in the log: %s", f.log)
	}
}

func TestSettings(t *testing.T) {
	environ := func(changes ...string) []string {
		var list []string
		v := functionEnv(&awsfake.Server{}, changes...)
		for name := range maps.Keys(v) {
			list = append(list, name+"="+v[name])
		}
		return list
	}
	s, err := readSettings(environ("RECONCILE_WEBHOOK_FROM", "", "RECONCILE_BRANCH", "release"))
	if err != nil || s.filter.Branch != "release" || s.filter.Repo.String() != "INFRA/estate" || len(s.sources) != 16 || s.token != secretARN || s.target.project != "reconcile" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, test := range []struct{ name, value, text string }{
		{"RECONCILE_REPO", "", "RECONCILE_REPO: not a Backlog Git remote"},
		{"RECONCILE_WEBHOOK_TOKEN", "s3cret", "takes secretsmanager://"},
		{"RECONCILE_WEBHOOK_TOKEN", "secretsmanager://", "takes secretsmanager://"},
		{"RECONCILE_WEBHOOK_FROM", "example.com", "neither an address nor a range"},
		{"RECONCILE_WEBHOOK_STARTS", "", targetUsage},
		{"RECONCILE_WEBHOOK_STARTS", "codebuild://reconcile/x", targetUsage},
		{"RECONCILE_WEBHOOK_STARTS", "ecs://estate/reconcile", targetUsage},
		{"RECONCILE_WEBHOOK_STARTS", "ecs://estate?subnets=subnet-1", targetUsage},
		{"RECONCILE_WEBHOOK_STARTS", "ecs://estate/reconcile?subnets=subnet-1&subnet=subnet-2", targetUsage},
		{"RECONCILE_WEBHOOK_STARTS", "ecs://estate/reconcile?subnets=subnet-1&public_ip=yes", targetUsage},
		{"RECONCILE_BRANCHES", "main", "RECONCILE_BRANCHES is not a setting"},
	} {
		if _, err := readSettings(environ(test.name, test.value)); err == nil || !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s=%s: %v", test.name, test.value, err)
		}
	}
}

// The estate gives the function the settings that it has, and no others.
func TestEstate(t *testing.T) {
	text, err := os.ReadFile("../../env/common/pipeline.tf")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(text), "module \"webhook\" {")
	block, _, _ = strings.Cut(block, "\n}\n")
	var names []string
	for name := range strings.FieldsSeq(block) {
		if strings.HasPrefix(name, "RECONCILE_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if want := []string{envBranch, envRepo, envFrom, envStarts, envToken}; !slices.Equal(names, want) {
		t.Errorf("it has %q, want %q", names, want)
	}
	values, err := os.ReadFile("../../env/common/terraform.tfvars")
	if err != nil {
		t.Fatal(err)
	}
	known, err := webhook.ParseAllowlist("backlog")
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range known {
		if !strings.Contains(string(values), `"`+source.Addr().String()+`"`) {
			t.Errorf("API Gateway does not let %s in, which is Backlog's", source)
		}
	}
}
