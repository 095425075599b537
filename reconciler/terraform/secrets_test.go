package terraform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"reconcile/internal/testtier"
	"reconcile/reconciler/terraform"
)

// checkHidden checks that no text has one of the secrets, by their names.
func (f *fixture) checkHidden(secrets, texts map[string]string) {
	f.Helper()
	for name, secret := range secrets {
		for where, text := range texts {
			if secret == "" || strings.Contains(text, secret) {
				f.Errorf("the %s (%q) is in the %s:\n%s", name, secret, where, text)
			}
		}
	}
}

// secretKindsConfig has secrets that no resource of the plan holds. A check prints them all.
const secretKindsConfig = `
variable "lone" {
  type      = string
  sensitive = true
}
variable "short_lived" {
  type      = string
  ephemeral = true
}
variable "port" {
  type      = number
  sensitive = true
}
variable "serial" {
  type      = number
  sensitive = true
}
variable "ratio" {
  type      = number
  sensitive = true
}
variable "users" {
  type      = map(string)
  sensitive = true
}
variable "fallback" {
  sensitive = true
  default   = "fallback-5Rt2"
}

data "terraform_remote_state" "none" {
  backend  = "local"
  defaults = { got = sensitive("data-source-8Kq1") }
  config   = { path = "other.tfstate" }
}

module "child" {
  source = "./child"
  token  = "of-a-module-9Xw3"
  serial = 98765432109876543219
}

locals {
  all = nonsensitive("${var.lone} ${var.port} ${join(" ", keys(var.users))} ${var.fallback} ${data.terraform_remote_state.none.defaults.got} ${module.child.again}")
  numbers = nonsensitive("${var.serial} ${var.ratio} ${jsonencode({ n = var.serial })}")
}

check "prints" {
  assert {
    condition     = length(local.all) == 1
    error_message = "all: ${local.all} ${local.numbers} in base64: ${base64encode(nonsensitive(var.lone))} in a URL: ${urlencode(nonsensitive(var.lone))}"
  }
}
`

var secretKinds = map[string]string{
	"variable":    "lone/5ecret hunter2",
	"number":      "5432167",
	"integer":     "12345678901234567891",
	"of a module": "98765432109876543219",
	"float":       "1234.5678",
	"map key":     "map-k3y",
	"map value":   "map-v4lue",
	"default":     "fallback-5Rt2",
	"data source": "data-source-8Kq1",
	"constant":    "of-a-module-9Xw3",
	"ephemeral":   "ephemeral-2Zp7",
	"base64":      "bG9uZS81ZWNyZXQgaHVudGVyMg==",
	"URL":         "lone%2F5ecret+hunter2",
}

func newSecretKinds(t *testing.T, opt option) *fixture {
	s := newFixture(t, secretKindsConfig, opt)
	s.write("child/main.tf", "variable \"token\" {\n  sensitive = true\n}\nvariable \"serial\" {\n  sensitive = true\n}\noutput \"again\" {\n  value = nonsensitive(\"${var.token} ${var.serial}\")\n}\n")
	s.write("other.tfstate", `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{},"resources":[]}`)
	s.write("secret.auto.tfvars", "lone = \"lone/5ecret hunter2\"\nport = 5432167\nserial = 12345678901234567891\nratio = 1234.5678\nusers = { \"map-k3y\" = \"map-v4lue\" }\nshort_lived = \"ephemeral-2Zp7\"\n")
	return s
}

// TestSecretsOfAPlan: what a plan knows to be sensitive is hidden wherever Terraform prints it.
func TestSecretsOfAPlan(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newSecretKinds(t, opt)
		session, plan := s.plan()
		if err := session.Apply(t.Context(), plan); err != nil {
			t.Fatal(err)
		}
		outputs, err := session.Outputs(t.Context(), []byte("key"))
		if err != nil {
			t.Fatal(err)
		}
		s.close(session)
		texts := map[string]string{
			"log": s.log.String(), "plan": plan.Text, "warnings": strings.Join(plan.Warnings, "\n"), "checks": strings.Join(outputs.FailedChecks, "\n"),
		}
		s.checkHidden(secretKinds, texts)
		for where, text := range texts {
			if where != "plan" && !strings.Contains(text, "(redacted)") {
				t.Errorf("nothing is hidden in the %s:\n%s", where, text)
			}
		}
	})
}

// TestSecretsOfAPlanThatFails: no plan says what is sensitive. Variables and the state do.
func TestSecretsOfAPlanThatFails(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newSecretKinds(t, opt)
		s.write("main.tf", strings.Replace(secretKindsConfig, `check "prints"`, "resource \"terraform_data\" \"kept\" {\n  input = sensitive(\"of-the-state-4Lm\")\n}\ncheck \"prints\"", 1))
		s.apply()
		s.write("main.tf", strings.NewReplacer(" ${data.terraform_remote_state.none.defaults.got}", "", " ${module.child.again}", "").Replace(secretKindsConfig)+`
resource "terraform_data" "kept" {
  input = sensitive("of-the-state-4Lm")
}
resource "terraform_data" "fails" {
  lifecycle {
    precondition {
      condition     = length(local.all) == 1
      error_message = "A sentence that is long enough that the lines are broken in it, somewhere: it is ${local.all} and ${nonsensitive(terraform_data.kept.output)}"
    }
  }
}
`)
		err := s.mustFail()
		s.checkHidden(secretKinds, map[string]string{"log": s.log.String(), "error": strings.Join(strings.Fields(err.Error()), " ")})
		s.checkHidden(map[string]string{"state": "of-the-state-4Lm"}, map[string]string{"log": s.log.String(), "error": err.Error()})
	})
}

// TestSecretsThatAnApplyMakes: what an apply has just generated is hidden in its output and in
// its error.
func TestSecretsThatAnApplyMakes(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		for name, exit := range map[string]string{"success": "0", "failure": "1"} {
			s := newFixture(t, `
resource "terraform_data" "made" {
  input = sensitive(uuid())
}
resource "terraform_data" "prints" {
  provisioner "local-exec" {
    command     = "echo made $MADE; echo again $MADE >&2; exit `+exit+`"
    environment = { MADE = nonsensitive(terraform_data.made.output) }
  }
  provisioner "local-exec" {
    command = "echo it is ${nonsensitive(terraform_data.made.output)}; exit `+exit+`"
  }
}
`, opt)
			session, plan := s.plan()
			err := session.Apply(t.Context(), plan)
			if (err != nil) != (exit == "1") {
				t.Fatalf("%s: %v", name, err)
			}
			s.close(session)
			var state struct {
				Resources []struct {
					Name      string
					Instances []struct {
						Attributes struct{ Output struct{ Value string } }
					}
				}
			}
			made := ""
			if err := json.Unmarshal([]byte(s.read(s.state)), &state); err != nil {
				t.Fatal(err)
			}
			for _, resource := range state.Resources {
				if resource.Name == "made" {
					made = resource.Instances[0].Attributes.Output.Value
				}
			}
			texts := map[string]string{"log": s.log.String()}
			if err != nil {
				texts["error"] = err.Error()
			}
			s.checkHidden(map[string]string{"generated": made}, texts)
			if !strings.Contains(s.log.String(), "made (redacted)") {
				t.Errorf("%s: the provisioner's output is not in the log:\n%s", name, s.log)
			}
		}
	})
}

// TestNamesAreNoSecrets: the attributes of a sensitive object are words of the configuration.
func TestNamesAreNoSecrets(t *testing.T) {
	t.Parallel()
	s := newFixture(t, `
variable "login" {
  type      = object({ password = string })
  sensitive = true
}
resource "terraform_data" "x" {
  input = "a password is wanted"
}
output "all" {
  value     = { id = terraform_data.x.id, login = var.login }
  sensitive = true
}
`)
	s.spec.VarFiles = []string{filepath.Join(s.spec.Dir, "x.tfvars")}
	s.write("x.tfvars", `login = { password = "hunter2-7Bn" }`)
	if plan := s.planAndClose(); !strings.Contains(plan.Text, "a password is wanted") || !strings.Contains(plan.Text, "terraform_data.x") {
		t.Errorf("words of the configuration are hidden:\n%s", plan.Text)
	}
}

// TestUnknownSecretsOfAPlanThatFails: another state may have new secrets. If Terraform has read it,
// and has not saved the plan that failed, its text is not told, only where it failed.
func TestUnknownSecretsOfAPlanThatFails(t *testing.T) {
	t.Parallel()
	const other = `{"version":4,"terraform_version":"1.11.4","serial":1,"lineage":"l","outputs":{"t":{"value":"unknown-3Fg8","type":"string"}},"resources":[]}`
	const failing = `
data "terraform_remote_state" "other" {
  backend = "local"
  config  = { path = "other.tfstate" }
}
resource "terraform_data" "fails" {
  lifecycle {
    precondition {
      condition     = length(data.terraform_remote_state.other.outputs.t) == 1
      error_message = "it is x${data.terraform_remote_state.other.outputs.t}x"
    }
  }
}
`
	const unsaved = `%[1]s "$@"; code=$?; for arg; do case $arg in -out=*) : > "${arg#-out=}";; esac; done`
	for name, c := range map[string]struct {
		config, script string
		hides          string // "": what an upstream may have by now
		want           string // of the error
	}{
		"saved":              {failing, "", "", "it is x(redacted)x"},
		"not saved":          {failing, unsaved + "; exit $code", "", "plan failed: Terraform's error at main.tf:9 is not shown: it may quote sensitive outputs of up that no record knows\nnext: apply up first (reconcile now up)"},
		"of a former one":    {failing, unsaved + "; exit $code", "former", "it may quote sensitive outputs of up that no record knows\nnext: to see it, run `terraform plan` there by hand"},
		"it was killed":      {failing, unsaved + "; kill -KILL $$", "", "plan failed: terraform was killed"},
		"an apply has begun": {failing, unsaved + "; exit $code", "meanwhile", "is not shown: it may quote sensitive outputs of up that"},
		"nothing was read":   {"resource \"terraform_data\" \"t\" {\n  nothing = 1\n}\n", unsaved + "; exit $code", "", `An argument named "nothing" is not expected here.`},
		"it cannot be read":  {strings.ReplaceAll(failing, "other.tfstate", "none.tfstate"), unsaved + "; exit $code", "", "No stored state was found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var opt []option
			if c.script != "" {
				opt = append(opt, withScriptedPlan(t, fmt.Sprintf(c.script, testtier.Tool(t, "terraform"))))
			}
			s := newFixture(t, c.config, opt...)
			s.write("other.tfstate", other)
			uncertain := terraform.Fingerprints{Uncertain: []string{"up"}}
			switch c.hides {
			case "meanwhile":
				s.spec.SensitiveNow = func(context.Context) terraform.Fingerprints { return uncertain }
			case "former":
				s.spec.Sensitive.Former = uncertain.Uncertain
			default:
				s.spec.Sensitive = uncertain
			}
			err := s.mustFail()
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error has no %q: %v", c.want, err)
			}
			s.checkHidden(map[string]string{"output": "unknown-3Fg8"}, map[string]string{"error": err.Error(), "log": s.log.String()})
		})
	}
}
