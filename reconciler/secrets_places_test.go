package reconciler_test

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/awsfake"
	"reconcile/internal/testtier"
	"reconcile/reconciler/source/gittest"
)

// secretsOfChannels has the secrets that stand in the addresses of chat services, or sign.
var secretsOfChannels = map[string]string{
	"session token":  secretsOfServices["session token"],
	"Slack URL":      "T0K3N/of/5lack/Zq81",
	"Teams URL":      "sig-0f-Teams-7Yx2Wq",
	"Chatwork token": "chatw0rk-t0ken-6Hs1",
	"signing key":    "5igning-k3y-of-hooks",
	"data source's":  "r3ad-by-a-data-source",
	"in tfvars":      "t4ken-from-tfvars-3Kz",
}

// secretsAddressFiles has secrets where texts of plans name what changes: in addresses, keys
// and reasons. The values of pairs are compared.
const secretsAddressFiles = `
-- env/reconcile.hcl --
workspace "keyed" {
  env = ["TF_VAR_token", "TF_VAR_users"]
}
workspace "tokyo" {
  env = ["TF_VAR_token"]
}
workspace "switch" {
  env = ["TF_VAR_token", "TF_VAR_users"]
  progressive {
    variable = "progress"
    steps    = [10, 50, 100]
    soak     = "10h"
    alarms   = ["arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"]
  }
}
-- env/tokyo/main.tf --
variable "token" {
  sensitive = true
}

output "derived" {
  value     = base64encode(var.token)
  sensitive = true
}

output "read" {
  value     = { (var.token) = "r3ad-by-a-data-${lower("SOURCE")}" }
  sensitive = true
}
-- env/left/main.tf --
variable "pair" {
  sensitive = true
}
variable "open" {
}
-- env/left/terraform.tfvars --
pair = { "t4ken-from-tfvars-3Kz" = { password = "t4ken-from-tfvars-3Kz" } }
open = "says t4ken-from-tfvars-3Kz, too"
-- env/right/main.tf --
variable "pair" {
}
variable "open" {
}
-- env/right/terraform.tfvars --
pair = { "t4ken-from-tfvars-3Kz" = { password = "t4ken-from-tfvars-3Kz" } }
open = "says another"
-- env/keyed/main.tf --
variable "token" {
  sensitive = true
}

variable "users" {
  type      = map(number)
  sensitive = true
}

data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

locals {
  replaced = 1
}

resource "terraform_data" "named" {
  for_each         = nonsensitive(toset(concat([var.token, data.terraform_remote_state.tokyo.outputs.derived], keys(var.users))))
  input            = nonsensitive({ (each.key) = local.replaced, derived = data.terraform_remote_state.tokyo.outputs.derived })
  triggers_replace = [local.replaced]
}

resource "terraform_data" "read" {
  input            = nonsensitive([for k, v in data.terraform_remote_state.tokyo.outputs.read : v])
  triggers_replace = nonsensitive({ for name, port in var.users : name => port + local.replaced })
}
` + secretsSwitchVariables + `
output "b" {
  value = nonsensitive("0 for ${var.token}")
}
`

// secretsSwitchVariables begins the configuration of the workspace that is switched in steps.
const secretsSwitchVariables = `-- env/switch/main.tf --
variable "token" {
  sensitive = true
}

variable "users" {
  type      = map(number)
  sensitive = true
}

variable "progress" {
  type    = number
  default = 100
}
`

const secretsStepFiles = `
` + secretsSwitchVariables + `
resource "terraform_data" "stepped" {
  for_each = var.progress >= 10 ? nonsensitive(toset(concat([var.token], keys(var.users)))) : []
  input    = var.progress
  lifecycle {
    precondition {
      condition     = var.progress != 50
      error_message = nonsensitive("Not yet for ${var.token}, ${join(", ", keys(var.users))}.")
    }
  }
}

output "b" {
  value = nonsensitive("${var.progress} for ${var.token}")
}
`

// TestSecretsInEveryPlace lets plans name secrets in addresses, keys, reasons and values, and
// searches each place that shows them to people: pages, notices, metrics, commands, in both languages.
func TestSecretsInEveryPlace(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program, testtier.Terraform)
	all := maps.Clone(secrets)
	maps.Copy(all, secretsOfChannels)
	s := newSecretSearch(t, all)
	repo := gittest.New(t)
	server := gittest.ServeTLS(t, repo)
	server.Username, server.Password = "ann", all["Git password"]
	sent := &requestLog{}
	chats := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent.ServeHTTP(w, r)
		if sent.refuses {
			_, _ = io.WriteString(w, " no such hook: "+r.URL.String()+" of "+r.Header.Get("Webhook-Signature"))
		}
	}))
	t.Cleanup(chats.Close)
	const alarm = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"
	alarms := awsfake.Start(t, nil)
	alarms.SetAlarm(alarm, "OK")
	s.env = append(s.env,
		"SSL_CERT_FILE="+server.CAFile(t), "RECONCILE_REPO="+server.URL,
		"RECONCILE_GIT_USERNAME=ann", "RECONCILE_GIT_PASSWORD="+server.Password,
		"TF_VAR_token="+all["TF_VAR"], `TF_VAR_users={ "`+all["map key"]+`" = `+all["number"]+` }`,
		"AWS_ENDPOINT_URL="+alarms.URL, "AWS_REGION=ap-northeast-1", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+all["AWS secret"], "AWS_SESSION_TOKEN="+all["session token"],
		"RECONCILE_PAGE="+filepath.Join(s.home, "pages"), "RECONCILE_METRICS=emf",
		"RECONCILE_NOTIFY=log,slack,teams,"+chats.URL+"/hook",
		"RECONCILE_SLACK_URL="+chats.URL+"/services/"+all["Slack URL"], "RECONCILE_TEAMS_URL="+chats.URL+"/workflows?sig="+all["Teams URL"],
		"RECONCILE_CHATWORK_TOKEN="+all["Chatwork token"], "RECONCILE_NOTIFY_SECRET="+all["signing key"],
	)
	look := func() {
		for _, command := range []string{
			"now --trigger schedule", "now --lang ja", "plan", "plan -o json", "status", "status -o json", "status --lang ja", "changed -o json", "graph -o json",
			"drift -o json", "rollout status", "rollout status -o json", "rollout status --lang ja", "runs -o json", "doctor -o json",
			"compare left right --all", "compare left right -o json", "compare keyed switch -o json", "snapshot list -o json",
		} {
			s.run(command)
		}
		s.run("runs " + s.lastRun())
		s.run("runs " + s.lastRun() + " -o json --logs")
	}
	repo.CommitTxtar("first", secretsAddressFiles)
	s.run("now", "applied")
	look()

	// What waits for a person names what it replaces; another plan makes its approval void.
	s.replace("GATE=always", "GATE=safe")
	changed := strings.ReplaceAll(secretsAddressFiles, "replaced = 1", "replaced = 2")
	repo.CommitTxtar("replaces", changed)
	s.run("now -o json", "blocked")
	look()
	s.approveAll()
	changed = strings.ReplaceAll(changed, "replaced = 2", "replaced = 3")
	repo.CommitTxtar("replaces again", changed)
	s.run("now -o json", "is void")
	look()
	s.approveAll()
	s.run("now -o json", "applied")

	// A rollout takes steps, each with texts of its own, and one fails.
	repo.CommitTxtar("steps", changed+secretsStepFiles)
	s.run("now -o json", "rolling")
	look()
	s.run("rollout promote switch --why because")
	s.run("now -o json")
	look()
	alarms.SetAlarm(alarm, "ALARM")
	s.run("now -o json")
	alarms.DenyAlarms("SignatureDoesNotMatch")
	s.run("rollout resume switch")
	look()

	// Chats refuse and quote.
	sent.refuse()
	repo.Git("rm", "-rq", "env/keyed")
	repo.CommitTxtar("removed", strings.ReplaceAll(secretsAddressFiles, `workspace "keyed" {`, `workspace "left" {`))
	s.run("now")
	s.run("now --notify chatwork://123,slack,teams --replan tokyo")
	look()
	s.run("snapshot fetch " + strings.TrimSpace(repo.Git("rev-parse", "HEAD")) + " " + filepath.Join(s.home, "fetched"))
	s.run("distrust")
	s.run("now --page s3://bucket/pages")
	if !strings.Contains(string(sent.bodies()), "(redacted") {
		t.Errorf("the notices name no secret: %s", sent.bodies())
	}
	s.search("the notices", sent.bodies())
	s.searchServed()
	delete(s.secrets, "in tfvars") // Git has it, so checkout and snapshots do
	s.searchFiles()
}

// approveAll approves each plan that waits.
func (s *secretSearch) approveAll() {
	s.t.Helper()
	approved := 0
	for _, word := range strings.Split(s.run("status -o json"), "`") {
		if strings.HasPrefix(word, "reconcile approve ") {
			s.run(strings.TrimPrefix(word, "reconcile ") + " -o json")
			approved++
		}
	}
	if approved == 0 {
		s.t.Error("no plan waits")
	}
}

// replace replaces a part of the environment.
func (s *secretSearch) replace(old, now string) {
	for i := range s.env {
		s.env[i] = strings.ReplaceAll(s.env[i], old, now)
	}
}

// searchServed searches the overview that serve shows, and its log.
func (s *secretSearch) searchServed() {
	s.t.Helper()
	cmd := exec.Command(s.binary, "serve", "127.0.0.1:0", "-o", "json")
	cmd.Env, cmd.Dir = s.env, s.home
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() }()
	var served struct{ URL string }
	if err := json.NewDecoder(out).Decode(&served); err != nil {
		s.t.Fatalf("serve: %v", err)
	}
	base := served.URL + "/"
	for _, page := range []string{"", "en/index.html", "ja/index.html", "ja/w/keyed.html", "en/w/switch.html"} {
		response, err := http.Get(base + page)
		if err != nil {
			s.t.Fatal(err)
		}
		if page == "" { // leads to the record
			base = response.Request.URL.String()
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			s.t.Errorf("serve answers %s at %s: %v", response.Status, response.Request.URL, err)
		}
		s.search("the page "+page, text)
	}
}
