package settings

import (
	"reflect"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

// TestNamesInSettings checks that settings for all workspaces can use each one's name.
func TestNamesInSettings(t *testing.T) {
	t.Parallel()
	s, _, err := discover(`
defaults {
  plan_role  = "arn:aws:iam::123456789012:role/reconcile/plan-${workspace}"
  apply_role = "arn:aws:iam::123456789012:role/reconcile/apply-${workspace}"
  var_files  = ["../../env/${workspace}/staging.tfvars"]
  apply      = workspace == "common" ? "always" : "approve"
}
workspace "tokyo" {
  protect = ["module.${workspace}"]
}
`, "")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		Apply: ApplyApproved, VarFiles: []string{"env/tokyo/staging.tfvars"}, Protect: []string{"module.tokyo"},
		PlanRole:  "arn:aws:iam::123456789012:role/reconcile/plan-tokyo",
		ApplyRole: "arn:aws:iam::123456789012:role/reconcile/apply-tokyo",
	}
	if got := s.Config("tokyo"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := s.Config("common"); got.Apply != ApplyAlways || !strings.HasSuffix(got.PlanRole, "plan-common") {
		t.Errorf("another workspace's: %+v", got)
	}
}

// layeredSettings sets every option at each of the four places.
const layeredSettings = `
defaults {
  apply      = "approve"
  plan_role  = "arn:aws:iam::123456789012:role/plan-${workspace}"
  apply_role = "arn:aws:iam::123456789012:role/apply"
  protect    = ["a.a"]
  env        = ["TF_VAR_a"]
}
workspace "tokyo" {
  depends_on = ["common"]
  apply      = "safe"
  protect    = ["b.b"]
  var_files  = ["../shared.tfvars"]
  allow_unlocked = true
}
environment "staging" {
  var_file       = "staging.tfvars"
  backend_config = "env/staging.s3.tfbackend"
  defaults {
    apply     = "always"
    plan_role = "arn:aws:iam::210987654321:role/plan-${workspace}"
    protect   = ["c.c"]
    env       = ["TF_VAR_c"]
  }
  workspace "tokyo" {
    apply_role     = "arn:aws:iam::210987654321:role/apply"
    backend_config = "env/shared.tfvars"
    var_files      = ["main.tf"]
    protect        = ["d.d"]
    allow_unlocked = false
  }
}
environment "other" {}
`

func TestEnvironment(t *testing.T) {
	t.Parallel()
	outside := Config{
		DependsOn: []string{"common"}, Apply: ApplySafe, VarFiles: []string{"env/shared.tfvars"},
		Env: []string{"TF_VAR_a"}, Protect: []string{"a.a", "b.b"}, AllowUnlocked: true,
		PlanRole: "arn:aws:iam::123456789012:role/plan-tokyo", ApplyRole: "arn:aws:iam::123456789012:role/apply",
		Positions: map[string]string{"common": File + ":10:17", "TF_VAR_a": File + ":7:17"},
	}
	staging := Config{
		DependsOn: []string{"common"},
		Apply:     ApplySafe, // the workspace's own setting overrides defaults, in every layer
		VarFiles:  []string{"env/shared.tfvars", "env/tokyo/staging.tfvars", "env/tokyo/main.tf"},
		Env:       []string{"TF_VAR_a", "TF_VAR_c"}, Protect: []string{"a.a", "c.c", "b.b", "d.d"},
		BackendConfig: "env/shared.tfvars",
		PlanRole:      "arn:aws:iam::210987654321:role/plan-tokyo", ApplyRole: "arn:aws:iam::210987654321:role/apply",
		Positions: map[string]string{"common": File + ":10:17", "TF_VAR_a": File + ":7:17", "TF_VAR_c": File + ":23:18"},
	}
	for environment, want := range map[string]Config{"": outside, "other": outside, "staging": staging} {
		s, _, err := discover(layeredSettings, environment)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Config("tokyo"); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %+v\nwant %+v", environment, got, want)
		}
		if got := strings.Join(s.Env(), " "); got != strings.Join(want.Env, " ") {
			t.Errorf("%q: env %s", environment, got)
		}
	}
	s, _, err := discover(layeredSettings, "staging")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Config("common"); got.Apply != ApplyAlways || got.BackendConfig != "env/staging.s3.tfbackend" || got.PlanRole != "arn:aws:iam::210987654321:role/plan-common" {
		t.Errorf("the environment's defaults do not reach others: %+v", got)
	}
}

func TestEnvironmentErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, whom, settings, want string }{
		{"no settings", "all", "", `unknown environment "prod": there is no env/reconcile.hcl`},
		{"none", "all", "workspaces = [\"env/*\"]", `unknown environment "prod": the settings define no environments`},
		{"others", "all", "environment \"b\" {}\nenvironment \"a\" {}", `unknown environment "prod": the settings define a, b`},
		{"var file", "common+tokyo", "environment \"prod\" {\n  var_file = \"prod.tfvars\"\n}", `env/reconcile.hcl:2:14: workspace common: variable file env/common/prod.tfvars does not exist`},
		{"workspace", "all", "environment \"prod\" {\n  workspace \"tokio\" {}\n}", `env/reconcile.hcl:2:13: there is no workspace "tokio" (known: common, tokyo)`},
		{"workspace twice", "tokyo", "environment \"prod\" {\n  workspace \"tokyo\" {}\n  workspace \"tokyo\" {}\n}", `env/reconcile.hcl:3:13: duplicate workspace "tokyo"`},
		{"defaults twice", "all", "environment \"prod\" {\n  defaults {}\n  defaults {}\n}", `env/reconcile.hcl:3:3: defaults: only one`},
		{"inner environment", "all", "environment \"prod\" {\n  environment \"x\" {}\n}", `env/reconcile.hcl:2:3: Unsupported block type`},
		{"depends on nothing", "tokyo", `environment "prod" {
  workspace "tokyo" {
    depends_on = ["comon"]
  }
}`, `env/reconcile.hcl:3:19: depends_on: there is no workspace "comon"`},
		{"backend_config outside", "tokyo", "environment \"prod\" {}\nworkspace \"tokyo\" { backend_config = \"env/staging.s3.tfbackend\" }", `env/reconcile.hcl:2:21: backend_config is only allowed in an environment, and in a workspace block of one: move it there`},
		{"backend_config of a workspace", "tokyo", `environment "prod" {
  workspace "tokyo" {
    backend_config = "env/osaka.s3.tfbackend"
  }
}`, `env/reconcile.hcl:3:22: backend_config: file env/osaka.s3.tfbackend does not exist`},
		{"backend_config of each", "common+tokyo", `environment "prod" {
  backend_config = "env/${workspace}.s3.tfbackend"
}`, `env/reconcile.hcl:2:20: backend_config: file env/common.s3.tfbackend does not exist`},
		{"not the chosen one", "warning", `environment "prod" {}
environment "other" {
  defaults {
    apply_role = workspace
  }
}`, `env/reconcile.hcl:4:18: apply_role: "common" is not a role's ARN`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkProblems(t, findProblems(tt.settings, "prod"), tt.whom, tt.want) })
	}
}

// TestRights checks permissions for workspaces that do not exist yet, too.
func TestRights(t *testing.T) {
	t.Parallel()
	tree := treetest.New(map[string]string{
		"env/tokyo/main.tf": "",
		"b.tfbackend":       "",
		File: `
defaults {
  plan_role = "arn:aws:iam::123456789012:role/plan-${workspace}"
  env       = ["TF_VAR_b"]
}
workspace "tokyo" {
  env       = ["TF_VAR_a"]
  plan_role = "arn:aws:iam::123456789012:role/special"
}
environment "staging" {
  backend_config = "b.tfbackend"
  defaults {
    plan_role      = "arn:aws:iam::210987654321:role/plan-${workspace}"
    allow_unlocked = true
  }
}
`})
	for environment, want := range map[string]map[string]Config{
		"": {
			"tokyo": {PlanRole: "arn:aws:iam::123456789012:role/special", Env: []string{"TF_VAR_a", "TF_VAR_b"}},
			"new":   {PlanRole: "arn:aws:iam::123456789012:role/plan-new", Env: []string{"TF_VAR_b"}},
		},
		"staging": {
			"tokyo": {PlanRole: "arn:aws:iam::123456789012:role/special", Env: []string{"TF_VAR_a", "TF_VAR_b"}, AllowUnlocked: true},
			"new":   {PlanRole: "arn:aws:iam::210987654321:role/plan-new", Env: []string{"TF_VAR_b"}, AllowUnlocked: true},
		},
	} {
		s, err := Load(tree, environment)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Discover(tree, repotree.Terraform); err != nil {
			t.Fatal(err)
		}
		for name, rights := range want {
			rights.Positions = map[string]string{"TF_VAR_b": "env/reconcile.hcl:4:16"}
			if name == "tokyo" {
				rights.Positions["TF_VAR_a"] = "env/reconcile.hcl:7:16"
			}
			if got, err := s.PermissionConfig(name); err != nil || !reflect.DeepEqual(got, rights) {
				t.Errorf("%q, %s: %+v, %v; want %+v", environment, name, got, err, rights)
			}
		}
		// Config gives existing workspaces the same permissions.
		if got := s.Config("tokyo"); got.PlanRole != want["tokyo"].PlanRole || got.AllowUnlocked != want["tokyo"].AllowUnlocked {
			t.Errorf("%q: Config says %+v", environment, got)
		}
	}
}
