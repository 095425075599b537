package reconciler_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/backlog/backlogtest"
	"reconcile/reconciler/source/gittest"
)

// secretsOfServices has the secrets by which the program speaks to services.
var secretsOfServices = map[string]string{
	"Backlog key":    backlogtest.APIKey,
	"session token":  "FwoGZXIvYXdzEB//t0ken+with/signs==",
	"OTLP key":       "otlp-k3y-Zw81",
	"proxy password": "pr0xy-Passw0rd-7Hd",
	"provisioner's":  "not/n4med 5ensitive",
}

// cloudyFiles has a state in an S3 that quotes what it is sent, in an error of Terraform, and
// a workspace that prints its environment.
const cloudyFiles = `
-- env/cloudy/main.tf --
terraform {
  backend "s3" {
    bucket                      = "bucket"
    key                         = "cloudy"
    region                      = "ap-northeast-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
-- env/osaka/main.tf --
resource "terraform_data" "prints" {
  triggers_replace = ["again"]
  provisioner "local-exec" {
    command = "env; echo \"$SECRET\"; exit 1"
    environment = { SECRET = nonsensitive(sensitive("${"not"}/n4med 5ensitive")) }
  }
  input = sensitive("${"not"}/n4med 5ensitive")
}
`

// TestSecretsOfServices lets Git, AWS and Backlog quote what they are sent, wherever an
// error shows what they say, and searches all that is printed, sent and kept.
func TestSecretsOfServices(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program, testtier.Terraform)
	all := maps.Clone(secrets)
	maps.Copy(all, secretsOfServices)
	s := newSecretSearch(t, all)
	repo := gittest.New(t)
	repo.CommitTxtar("first", secretsFiles)
	backlog := backlogtest.Start(t, repo)
	backlog.Git.Username, backlog.Git.Password = "ann", all["Git password"]
	aws := httptest.NewServer(http.HandlerFunc(s.quoteRequest))
	t.Cleanup(aws.Close)
	collector := &requestLog{}
	otlp := httptest.NewServer(collector)
	t.Cleanup(otlp.Close)
	s.env = append(s.env,
		"RECONCILE_REPO="+backlog.GitURL, "RECONCILE_GIT_USERNAME=ann", "RECONCILE_GIT_PASSWORD="+all["Git password"],
		"RECONCILE_BACKLOG_API_KEY="+backlogtest.APIKey, "RECONCILE_NOTIFY=backlog,log", "RECONCILE_NOTIFY_ISSUES=Task",
		"RECONCILE_METRICS=otlp", "RECONCILE_TRACES=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT="+otlp.URL, "OTEL_EXPORTER_OTLP_HEADERS=api-key="+all["OTLP key"],
		"TF_VAR_token="+all["TF_VAR"], `TF_VAR_users={ "`+all["map key"]+`" = `+all["number"]+` }`,
		"AWS_REGION=ap-northeast-1", "AWS_EC2_METADATA_DISABLED=true", "AWS_ENDPOINT_URL="+aws.URL,
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+all["AWS secret"], "AWS_SESSION_TOKEN="+all["session token"],
		"HTTPS_PROXY=http://ann:"+all["proxy password"]+"@127.0.0.1:1",
	)

	// A pull request is merged: some of it is applied, the rest fails, and people are notified.
	s.run("now tokyo kyoto", "applied")
	repo.Git("checkout", "-q", "-b", "topic")
	repo.CommitTxtar("second", secretsFailureFiles+cloudyFiles)
	number := backlog.OpenPullRequest("topic", "second")
	backlog.Merge(number)
	s.run("now -o json", "failed", "SignatureDoesNotMatch", "x-amz-security-token:(redacted)")
	s.run("runs "+s.lastRun(), "made (redacted)")
	s.run("status -o json")
	s.run("drift -o json")
	notices, err := json.Marshal([]any{backlog.Comments(number), backlog.Issues()})
	if err != nil || !strings.Contains(string(notices), "(redacted)") {
		t.Errorf("the notices (%v): %s", err, notices)
	}
	s.search("the notices", notices)
	if len(collector.bodies()) == 0 {
		t.Error("no telemetry was sent")
	}
	s.search("the telemetry", collector.bodies())

	// A pull request is planned before anyone has read it.
	repo.Git("checkout", "-q", "-B", "another", "main")
	repo.CommitTxtar("read again", secretsReaderFiles)
	opened := backlog.OpenPullRequest("another", "read again")
	s.run("preview --allow-unconfined --lang ja")
	s.run("preview --allow-unconfined -o json")
	previews, err := json.Marshal(backlog.Comments(opened))
	if err != nil || !strings.Contains(string(previews), "(redacted)") {
		t.Errorf("the previews (%v): %s", err, previews)
	}
	s.search("the previews", previews)
	backlog.ClosePullRequest(opened)

	// Each service refuses, and quotes the request.
	collector.refuse()
	s.run("now", "could not send telemetry")
	s.run("doctor")
	for _, command := range []string{"now", "plan", "status", "changed", "runs", "doctor", "drift", "suspend tokyo"} {
		s.run(command+" --state dynamodb://table --snapshots s3://bucket/x --digest-key secretsmanager://key --executor codebuild://project --notify sns://arn:aws:sns:ap-northeast-1:123456789012:people --notify-issues=", "(redacted)")
	}
	s.run("plan --git-credentials secretsmanager://git", "(redacted)")
	backlog.Fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[{"message":"bad request to %s","moreInfo":"apiKey %s"}]}`, r.URL.String(), r.URL.Query().Get("apiKey"))
		return true
	}
	repo.Git("checkout", "-q", "-B", "main")
	repo.CommitTxtar("third", "-- env/kyoto/notes --\nnothing\n")
	s.run("now", "apiKey (redacted)")
	s.run("doctor", "apiKey (redacted)")
	s.run("preview --allow-unconfined", "(redacted)")
	backlog.Fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		http.Redirect(w, r, "https://elsewhere.example.com/"+backlogtest.APIKey+"/api/v2/x?apiKey="+backlogtest.APIKey, http.StatusFound)
		return true
	}
	s.run("doctor", "elsewhere.example.com")
	backlog.Fault = nil
	backlog.Git.Fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		_, password, _ := r.BasicAuth()
		message := "ERR no access with " + password + " (" + r.Header.Get("Authorization") + ")"
		w.Header().Set("Content-Type", gittest.PackMediaType)
		fmt.Fprintf(w, "%04x%s", len(message)+4, message)
		return true
	}
	for _, command := range []string{"now -o json", "plan", "changed", "graph", "doctor", "preview --allow-unconfined"} {
		s.run(command, "no access with (redacted)")
	}
	for _, repo := range []string{"http://u:8/", "https://ann:", "ann:8/"} {
		s.run("now --repo " + repo + all["Git password"] + "@host.invalid/git/INFRA/r.git")
		s.run("now --repo " + repo + all["Git password"] + "@host.invalid/git/INFRA/r.git --git-credentials ssh-key:x")
	}
	s.searchFiles()
}

// quoteRequest refuses a request as AWS does whose signature is wrong: it quotes the
// request, with the session token in it. An odd one quotes the secret key, too.
func (s *secretSearch) quoteRequest(w http.ResponseWriter, r *http.Request) {
	token := r.Header.Get("X-Amz-Security-Token")
	quoted := fmt.Sprintf("The Canonical String for this request should have been 'POST x-amz-security-token:%s %s' with the key %s, in base64 %s",
		token, url.QueryEscape(token), s.secrets["AWS secret"], base64.StdEncoding.EncodeToString([]byte(s.secrets["AWS secret"])))
	if r.Header.Get("X-Amz-Target") != "" {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": "InvalidSignatureException", "message": quoted})
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(http.StatusForbidden)
	fault := "<Error><Code>SignatureDoesNotMatch</Code><Message>" + quoted + "</Message></Error>"
	if !strings.HasPrefix(r.URL.Path, "/bucket") {
		fault = "<ErrorResponse>" + fault + "</ErrorResponse>"
	}
	_, _ = io.WriteString(w, fault)
}

// requestLog keeps the bodies of requests.
type requestLog struct {
	mu       sync.Mutex
	received []byte
	refuses  bool // and quotes its key as the reason
}

func (l *requestLog) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.received = append(l.received, body...)
	if l.refuses {
		w.Header().Set("Api-Key", r.Header.Get("Api-Key"))
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, r.Header.Get("Api-Key"))
	}
}

func (l *requestLog) bodies() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.received
}

func (l *requestLog) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuses = true
}
