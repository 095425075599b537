package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, `
variable "plain" {}
variable "text" { type = string }
variable "port" { type = number }
variable "list" { type = list(string) }
variable "any" { type = any }
variable "late" { type = string }
variable "file" {}
output "all" {
  value = jsonencode([var.plain, var.text, var.port, var.list, var.any, var.late, var.json, var.file])
}
`, opt)
		s.write("x.tf.json", `{"variable": {"json": {"type": "map(string)"}}}`)
		s.write("x_override.tf", `variable "late" { type = set(string) }`)
		s.write("terraform.tfvars", `plain = "overridden"`)
		s.write("env.tfvars", `file = "from a file"`)
		s.spec.VarFiles = []string{filepath.Join(s.spec.Dir, "env.tfvars")}
		s.spec.Vars = map[string]string{
			"plain": "[not a list]", "text": "${no template}", "port": "8080",
			"list": `["a", "b"]`, "any": `{ k = [1, null] }`, "late": `["z"]`, "json": `{ a = "b" }`,
			"nobody": "declared this",
		}
		s.apply()
		want := `["[not a list]","${no template}",8080,["a","b"],{"k":[1,null]},["z"],{"a":"b"},"from a file"]`
		if state := s.read(s.state); !strings.Contains(state, strings.ReplaceAll(want, `"`, `\"`)) {
			t.Errorf("not in the state: %s\n%s", want, state)
		}
		if strings.Contains(s.log.String(), "undeclared") {
			t.Errorf("undeclared variables are reported:\n%s", s.log)
		}
		if left, _ := filepath.Glob(filepath.Join(s.spec.Dir, "zzz*")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestVariablesFileIsOurs(t *testing.T) {
	t.Parallel()
	s := newFixture(t, `variable "v" {}`)
	s.spec.Vars = map[string]string{"v": "secret"}
	session := s.init()
	defer s.close(session)
	info, err := os.Stat(filepath.Join(s.spec.Dir, "zzz_reconcile.auto.tfvars.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestVariableOfAnotherType(t *testing.T) {
	t.Parallel()
	s := newFixture(t, `variable "v" { type = list(string) }`)
	s.spec.Vars = map[string]string{"v": "not [an expression"}
	err := s.mustFail()
	if text := err.Error(); !strings.Contains(text, "TF_VAR_v") || strings.Contains(text, "not [an") {
		t.Error(err)
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	testBothProducts(t, func(t *testing.T, opt option) {
		s := newFixture(t, `
variable "token" {}
variable "nested" { type = map(string) }
resource "terraform_data" "x" {
  input = [var.token, var.nested]
  provisioner "local-exec" { command = "echo got ${var.token}" }
}
output "s" {
  value     = "an-output-secret"
  sensitive = true
}
output "fails" { value = var.nested.missing }
`, opt)
		s.spec.Vars = map[string]string{"token": "tok-123456", "nested": `{ password = "pass-7890" }`}
		err := s.mustFail()
		s.write("main.tf", strings.Replace(s.read(filepath.Join(s.spec.Dir, "main.tf")), ".missing", ".password", 1))
		plan, _ := s.apply()
		for _, secret := range []string{"tok-123456", "pass-7890", "an-output-secret"} {
			for where, text := range map[string]string{"log": s.log.String(), "plan": plan.Text, "error": err.Error(), "cause": err.Err.Error()} {
				if strings.Contains(text, secret) {
					t.Errorf("%s is in the %s:\n%s", secret, where, text)
				}
			}
		}
		if !strings.Contains(s.log.String(), "got (redacted)") {
			t.Errorf("the log is not of the apply:\n%s", s.log)
		}
	})
}
