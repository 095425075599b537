package main

import (
	"fmt"
	"os/exec"
	"testing"

	"reconcile/internal/awsfake"
	"reconcile/reconciler/source/gittest"
)

// BenchmarkRollout measures passes over a workspace that is applied in steps, as whole
// processes: from the merge until the first step is in force, and from an alarm until the last
// good step is in force again. Terraform is real, its resources are made up.
func BenchmarkRollout(b *testing.B) {
	program := buildProgram(b)
	const alarm = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"
	alarms := awsfake.Start(b, nil)
	files := func(to string) map[string]string {
		return map[string]string{
			"env/reconcile.hcl": fmt.Sprintf(`workspace "switch" {
  progressive {
    variable = "progress"
    steps    = [10, 50, 100]
    soak     = "10h"
    alarms   = [%q]
  }
}
`, alarm),
			"env/switch/main.tf": fmt.Sprintf(`variable "progress" {
  type    = number
  default = 100
}

resource "terraform_data" "weight" {
  for_each = { a = 100 - %s, b = %[1]s }
  input    = each.value
}
`, to),
		}
	}
	var begins, backs, changes []cost
	for b.Loop() {
		repo := gittest.New(b)
		alarms.SetAlarm(alarm, "OK")
		setup := &benchSetup{TB: b, url: repo.Work, dir: b.TempDir()}
		run := func(exit int, args ...string) cost {
			cmd := setup.command(program, args...)
			cmd.Env = append(cmd.Env, "RECONCILE_GATE=always", "AWS_ENDPOINT_URL_CLOUDWATCH="+alarms.URL, "AWS_REGION=us-east-1",
				"AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test", "AWS_EC2_METADATA_DISABLED=true")
			return runProcess(b, exit, cmd)
		}
		repo.Commit("first", files("0"))
		run(0, "now")
		repo.Commit("moves", files("var.progress"))
		begins = append(begins, run(2, "now"))
		run(0, "rollout", "promote")
		run(2, "now")
		alarms.SetAlarm(alarm, "ALARM")
		backs = append(backs, run(2, "now"))
		changes = append(changes, applyByHand(b, repo))
	}
	b.ReportMetric(0, "ns/op")
	reportMedians(b, begins, "merge-to-step-")
	reportMedians(b, backs, "alarm-to-back-")
	reportMedians(b, changes, "plan-and-apply-")
}

// applyByHand plans and applies once with Terraform, on the same configuration.
func applyByHand(b *testing.B, repo *gittest.Repo) cost {
	terraform := func(args ...string) cost {
		cmd := exec.Command(findTool(b, "terraform"), append([]string{"-chdir=" + repo.Work + "/env/switch"}, args...)...)
		cmd.Env = cleanEnv()
		return runProcess(b, 0, cmd)
	}
	terraform("init")
	terraform("apply", "-auto-approve", "-var", "progress=0")
	plan, apply := terraform("plan", "-out=plan", "-var", "progress=10"), terraform("apply", "plan")
	return cost{plan.wall + apply.wall, plan.cpu + apply.cpu}
}
