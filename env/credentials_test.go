package env_test

import (
	"maps"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reconcile/env/awstest"
	"reconcile/modules/tftest"
	"reconcile/reconciler/source/gittest"
)

// longApply is a workspace whose apply makes many calls, one after the other.
const longApply = `-- env/reconcile.hcl --
workspaces = ["env/*"]
defaults {
  plan_role  = "arn:aws:iam::123456789012:role/plan"
  apply_role = "arn:aws:iam::123456789012:role/apply"
}
-- env/topics/main.tf --
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
  backend "s3" {
    bucket         = "states"
    key            = "topics/terraform.tfstate"
    region         = "ap-northeast-1"
    use_lockfile   = true
    use_path_style = true
  }
}
provider "aws" {
  region = "ap-northeast-1"
}
resource "aws_sns_topic" "first" { name = "first" }
resource "aws_sns_topic" "second" { name = "${aws_sns_topic.first.name}-second" }
resource "aws_sns_topic" "third" { name = "${aws_sns_topic.second.name}-third" }
`

// TestApplyOutlastsItsCredentials: sessions of the roles end in the middle of init, plan and
// apply. The backend and the real provider get others and end well, up to the state.
func TestApplyOutlastsItsCredentials(t *testing.T) {
	t.Parallel()
	a := &account{t: t, aws: awstest.Start(t), repo: gittest.New(t), binary: buildReconcile(t), terraformBinary: makeFastTerraform(t)}
	client := s3.NewFromConfig(a.aws.Config(tokyo), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := client.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: aws.String("states"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: tokyo},
	}); err != nil {
		t.Fatal(err)
	}
	a.repo.CommitTxtar("an apply that takes long", longApply)
	config, _ := tftest.FindMirror(t)
	home := t.TempDir()
	a.env = append(a.aws.Env(),
		"HOME="+home, "PATH="+os.Getenv("PATH"), "TF_CLI_CONFIG_FILE="+config,
		"RECONCILE_REPO="+a.repo.Dir, "RECONCILE_STATE="+home+"/state", "RECONCILE_WORK="+home+"/work", "RECONCILE_TERRAFORM="+a.terraformBinary,
	)
	const limit = 4
	a.aws.EndSessionsAfter(limit)
	if got := a.runPass().outcomes(); !maps.Equal(got, map[string]string{"topics": "applied"}) {
		t.Fatalf("outcomes: %v", got)
	}
	calls := map[string]int{}
	for _, call := range a.aws.Calls() {
		if call.Role != "" {
			calls[call.Role]++
		}
		if call.Error != "" && call.Operation != "HeadObject" && call.Operation != "GetObject" {
			t.Errorf("%s %s of %s: %d %s", call.Service, call.Operation, call.Role, call.Status, call.Error)
		}
	}
	for role, n := range calls {
		if n <= limit {
			t.Errorf("%s made %d calls: no session ended", role, n)
		}
	}
	if len(calls) != 2 {
		t.Errorf("calls by role: %v", calls)
	}
	if got := a.runPass("--replan", "topics").outcomes(); !maps.Equal(got, map[string]string{"topics": "no-changes"}) {
		t.Errorf("the state does not have what was applied: %v", got)
	}
}
