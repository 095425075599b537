package settings

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"reconcile/reconciler/workspace/repotree"
)

const alarmARN = "arn:aws:cloudwatch:ap-northeast-1:123456789012:alarm:errors"

func TestProgressive(t *testing.T) {
	t.Parallel()
	s, _, err := discover(`
workspace "tokyo" {
  progressive {
    variable = "progress"
    steps    = [10, 50, 100]
    soak     = ["10m", "15m", "10m"]
    alarms   = ["`+alarmARN+`"]
    quiet    = ["`+alarmARN+`"]
  }
}
environment "staging" {
  workspace "tokyo" {
    progressive {
      variable = "progress"
      steps    = [100]
      soak     = "1m"
      on_alarm = "pause"
    }
  }
}
`, "")
	if err != nil {
		t.Fatal(err)
	}
	want := &Progressive{
		Variable: "progress", Steps: []int{10, 50, 100}, Soak: []time.Duration{10 * time.Minute, 15 * time.Minute, 10 * time.Minute},
		Alarms: []string{alarmARN}, Quiet: []string{alarmARN}, OnAlarm: AbortOnAlarm,
	}
	if got := s.Config("tokyo"); got.Err != nil || !reflect.DeepEqual(got.Progressive, want) {
		t.Errorf("got %+v, %v", got.Progressive, got.Err)
	}
	if s.Config("common").Progressive != nil {
		t.Error("another workspace has it, too")
	}
	if with, without := s.Config("tokyo").Digest(), s.Config("common").Digest(); with != without {
		t.Error("how a workspace is applied is an input of its trace")
	}
}

func TestProgressiveMistakes(t *testing.T) {
	t.Parallel()
	for says, block := range map[string]string{
		`progressive: soak is missing`:                                                      `variable = "p", steps = [100]`,
		`steps: must be whole numbers that ascend from at least 1 and end with 100`:         `variable = "p", steps = [10, 50], soak = "1m"`,
		`and end with 100, such as [10, 50, 100]`:                                           `variable = "p", steps = [50, 10, 100], soak = "1m"`,
		`ascend from at least 1`:                                                            `variable = "p", steps = [0, 100], soak = "1m"`,
		`that ascend`:                                                                       `variable = "p", steps = [10, 10, 100], soak = "1m"`,
		`steps: must be a whole number`:                                                     `variable = "p", steps = [1.5, 100], soak = "1m"`,
		`steps: must be a number`:                                                           `variable = "p", steps = ["10", 100], soak = "1m"`,
		`there are 2 times for 1 steps`:                                                     `variable = "p", steps = [100], soak = ["1m", "2m"]`,
		`soak: "soon" is not a time`:                                                        `variable = "p", steps = [100], soak = "soon"`,
		`soak: "-1m" is not a time above 0`:                                                 `variable = "p", steps = [100], soak = "-1m"`,
		`"a b" is not a variable's name`:                                                    `variable = "a b", steps = [100], soak = "1m"`,
		`alarms: "errors" is not an alarm's ARN`:                                            `variable = "p", steps = [100], soak = "1m", alarms = ["errors"]`,
		`quiet: "` + alarmARN + `" is not one of alarms`:                                    `variable = "p", steps = [100], soak = "1m", quiet = ["` + alarmARN + `"]`,
		`on_alarm: "wait" is not one of abort, pause`:                                       `variable = "p", steps = [100], soak = "1m", on_alarm = "wait"`,
		`the variable p is set by env (TF_VAR_p), and only a rollout may set it`:            `variable = "p", steps = [100], soak = "1m"|env = ["TF_VAR_p"]`,
		`the variable p is set in env/tokyo/steps.tfvars, and only a rollout may set it`:    `variable = "p", steps = [100], soak = "1m"|var_files = ["steps.tfvars"]`,
		`the variable q is set in env/tokyo/a.auto.tfvars.json, and only a rollout may set`: `variable = "q", steps = [100], soak = "1m"`,
	} {
		inner, more, _ := strings.Cut(block, "|")
		inner = strings.NewReplacer(", steps", "\nsteps", ", soak", "\nsoak", ", alarms", "\nalarms", ", quiet", "\nquiet", ", on_alarm", "\non_alarm").Replace(inner)
		tree := sampleRepo(map[string]string{
			File:                           "workspace \"tokyo\" {\n" + more + "\nprogressive {\n" + inner + "\n}\n}\n",
			"env/tokyo/steps.tfvars":       "p = 3\n",
			"env/tokyo/a.auto.tfvars.json": `{"q": 3}`,
		})
		s, err := Load(tree, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Discover(tree, repotree.Terraform); err != nil {
			t.Fatal(err)
		}
		c := s.Config("tokyo")
		if c.Err == nil || !strings.Contains(c.Err.Error(), says) {
			t.Errorf("%s: %v, want %s", block, c.Err, says)
		}
	}
}
