package reconciler_test

import (
	"net/url"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/source/gittest"
)

// Secrets of these tests, with the names under which the tests report them.
var secrets = map[string]string{
	"Git password":     "git+Passw0rd/5yHq2",
	"API key":          "api-Key-9vKxWq73Zt",
	"AWS secret":       "aws/Secret+41TkQmZ8",
	"TF_VAR":           "var-T0ken-Xw83\"quoted\"",
	"map key":          "map-k3y of many words 8Qz",
	"number":           "54321987",
	"sensitive output": "dmFyLVQwa2VuLVh3ODMicXVvdGVkIg==", // of the TF_VAR, by tokyo
}

// secretsFiles is a repository in which everything that can goes wrong with secrets: they
// are used, printed by a provisioner and quoted in errors. The second commit has the
// failures.
const secretsFiles = `
-- env/reconcile.hcl --
workspace "tokyo" {
  env = ["TF_VAR_token"]
}
workspace "kyoto" {
  env = ["TF_VAR_token"]
}
-- env/tokyo/main.tf --
variable "token" {
  sensitive = true
}

resource "terraform_data" "this" {
  input = { token = var.token, derived = base64encode(var.token) }
}

output "derived" {
  value     = base64encode(var.token)
  sensitive = true
}
-- env/reader/main.tf --
data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

resource "terraform_data" "seen" {
  input = data.terraform_remote_state.tokyo.outputs.derived
}
-- env/osaka/main.tf --
resource "terraform_data" "prints" {
  provisioner "local-exec" {
    command = "echo from the environment; env"
  }
}
-- env/kyoto/main.tf --
variable "token" {
}

resource "terraform_data" "open" {
  input = var.token
}

output "open" {
  value = var.token
}
`

// secretsReaderFiles prints again what it reads from tokyo, and may be planned in another
// process than tokyo; picky quotes it in an error.
const secretsReaderFiles = `
-- env/reader/more.tf --
resource "terraform_data" "again" {
  input = "and again: ${data.terraform_remote_state.tokyo.outputs.derived}"
}

resource "terraform_data" "keyed" {
  for_each = toset([data.terraform_remote_state.tokyo.outputs.derived])
  provisioner "local-exec" {
    command = "echo one; echo two"
  }
}
-- env/picky/main.tf --
data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
}

resource "terraform_data" "picky" {
  lifecycle {
    precondition {
      condition     = data.terraform_remote_state.tokyo.outputs.derived == "nothing"
      error_message = "This is no good: ${data.terraform_remote_state.tokyo.outputs.derived}, is it?"
    }
  }
}
`

// secretsPassedOnFiles reads tokyo only in its apply, and passes the value on without
// marking it sensitive; last reads it there.
const secretsPassedOnFiles = `
-- env/passing/main.tf --
resource "terraform_data" "first" {
}

data "terraform_remote_state" "tokyo" {
  backend = "local"
  config = {
    path = "../tokyo/terraform.tfstate"
  }
  depends_on = [terraform_data.first]
}

resource "terraform_data" "second" {
  provisioner "local-exec" {
    command = "echo ${data.terraform_remote_state.tokyo.outputs.derived}"
  }
}

output "passed" {
  value = data.terraform_remote_state.tokyo.outputs.derived
}
-- env/last/main.tf --
data "terraform_remote_state" "passing" {
  backend = "local"
  config = {
    path = "../passing/terraform.tfstate"
  }
}

resource "terraform_data" "last" {
  input = "at last: ${data.terraform_remote_state.passing.outputs.passed}"
}
`

const secretsFailureFiles = `
-- env/reconcile.hcl --
workspace "tokyo" {
  env = ["TF_VAR_token"]
}
workspace "kyoto" {
  env = ["TF_VAR_token"]
}
workspace "prints" {
  env = ["TF_VAR_users"]
}
-- env/prints/main.tf --
variable "users" {
  type      = map(number)
  sensitive = true
}

locals {
  all = nonsensitive(join(", ", [for name, port in var.users : "${name} ${port} ${base64encode(name)} ${urlencode(name)}"]))
}

resource "terraform_data" "made" {
  input = sensitive(uuid())
}

resource "terraform_data" "prints" {
  provisioner "local-exec" {
    command = "echo 'a line that is long, so that Terraform breaks it in its error: ${local.all}' >&2; echo \"made $MADE\"; exit 1"
    environment = { MADE = nonsensitive(terraform_data.made.output) }
  }
}

check "prints" {
  assert {
    condition     = local.all == ""
    error_message = "A sentence that is long enough to be broken somewhere, as Terraform breaks them: ${local.all}"
  }
}
-- env/tokyo/main.tf --
variable "token" {
  sensitive = true
}

resource "terraform_data" "this" {
  input            = { token = var.token, derived = base64encode(var.token), changed = true }
  triggers_replace = ["again"]

  provisioner "local-exec" {
    command     = "echo \"$TOKEN\"; echo \"$TOKEN\" >&2; exit 1"
    environment = { TOKEN = nonsensitive(var.token) }
  }
}

output "derived" {
  value     = base64encode(var.token)
  sensitive = true
}
-- env/kyoto/main.tf --
variable "token" {
  validation {
    condition     = length(var.token) < 4
    error_message = "This is no good token: ${var.token}"
  }
}

resource "terraform_data" "open" {
  input = var.token
}
`

// TestSecrets runs the program itself as people do, with success and with failures, and
// searches its output and its files for secrets.
func TestSecrets(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Program, testtier.Terraform)
	repo := gittest.New(t)
	repo.CommitTxtar("first", secretsFiles)
	server := gittest.ServeTLS(t, repo)
	server.Username, server.Password = "ann", secrets["Git password"]
	s := newSecretSearch(t, secrets)
	s.env = append(s.env,
		"SSL_CERT_FILE="+server.CAFile(t), "RECONCILE_REPO="+server.URL,
		"RECONCILE_GIT_USERNAME=ann", "RECONCILE_GIT_PASSWORD="+server.Password,
		"TF_VAR_token="+secrets["TF_VAR"], `TF_VAR_users={ "`+secrets["map key"]+`" = `+secrets["number"]+` }`, "BACKLOG_API_KEY="+secrets["API key"],
		"AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY="+secrets["AWS secret"],
	)
	everyCommand := func() {
		for _, command := range []string{
			"plan", "plan -o json", "changed", "graph", "status", "status -o json", "doctor", "snapshot list", "runs",
		} {
			s.run(command)
		}
		s.run("runs " + s.lastRun())
	}

	s.run("plan")
	s.run("now -o json", "applied")
	everyCommand()
	s.run("now --replan", "in sync")

	// Access denied, with both kinds of credentials.
	server.Password = "another"
	s.run("now", "not accepted")
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword("ann", secrets["Git password"])
	s.run("now --repo "+u.String(), "not accepted")
	s.run("doctor --repo "+u.String(), "not accepted")
	server.Password = secrets["Git password"]

	repo.CommitTxtar("read again", secretsReaderFiles)
	s.run("plan reader", "and again: (redacted)")
	s.run("now reader", "applied")
	s.run("runs "+s.lastRun(), "and again: (redacted)")
	s.run("plan picky", "This is no good: (redacted)")
	s.run("now picky", "This is no good: (redacted)")
	s.run("runs "+s.lastRun(), "This is no good: (redacted)")

	repo.CommitTxtar("passed on", secretsPassedOnFiles)
	s.run("now passing", "applied")
	s.run("runs "+s.lastRun(), "passed = \"(redacted)\"", "(local-exec): (redacted)")
	s.run("plan last", "at last: (redacted)")

	repo.CommitTxtar("second", secretsFailureFiles)
	s.run("now -o json", "failed")
	everyCommand()
	s.run("now", "failed")
	s.run("plan prints", "as Terraform breaks them: (redacted)")
	s.run("now prints", "failed")
	s.run("runs "+s.lastRun(), "made (redacted)")
	s.searchFiles()
}
