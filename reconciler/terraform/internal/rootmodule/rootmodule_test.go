package rootmodule

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"reconcile/reconciler/terraform/internal/planjson"
)

// The texts of provider blocks and locals are read from all files, also from JSON and from
// those that override others.
func TestReadTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.tf": `locals {
  region = "ap-${var.where}"
}
provider "aws" {
  region = local.region
  assume_role {
    role_arn = var.roles["a"]
  }
}
provider "aws" {
  alias  = "there"
  region = "us-east-1"
}`,
		"more.tf.json":     `{"provider": {"google": {"project": "${var.project}"}}}`,
		"main_override.tf": "provider \"aws\" {\n  region = \"eu-west-1\"\n}\n",
		"broken.tf":        "provider {",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want := planjson.RootModule{
		Locals: map[string]planjson.Expression{"region": {Text: `"ap-${var.where}"`, References: []string{"var.where"}}},
		Providers: map[string]map[string]planjson.Expression{
			"aws":       {"region": {Text: `"eu-west-1"`}, "assume_role.0.role_arn": {Text: `var.roles["a"]`, References: []string{"var.roles"}}},
			"aws.there": {"region": {Text: `"us-east-1"`}, "alias": {Text: `"there"`}},
			"google":    {"project": {Text: `"${var.project}"`, References: []string{"var.project"}}},
		},
	}
	if diff := cmp.Diff(want, ReadTexts(dir, false)); diff != "" {
		t.Error(diff)
	}
}
