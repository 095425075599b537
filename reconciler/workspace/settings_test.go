package workspace

import (
	"reflect"
	"strings"
	"testing"
)

// estate is a repository with two workspaces, a set of files to add to.
func estate(more map[string]string) *memTree {
	files := map[string]string{
		"env/common/main.tf":         "",
		"env/tokyo/main.tf":          "",
		"env/tokyo/staging.tfvars":   "",
		"env/common/staging.tfvars":  "",
		"env/shared.tfvars":          "",
		"env/staging.s3.tfbackend":   `bucket = "staging"`,
		"env/docs/README.md":         "no configuration",
		"env/.hidden/main.tf":        "",
		"infra/live/osaka/main.tf":   "",
		"infra/live/a/b/main.tf":     "",
		"infra/modules/tokyo/x.tf":   "",
		"infra/live/osaka/x/main.tf": "",
	}
	for p, text := range more {
		files[p] = text
	}
	return newTree(files)
}

// discover loads settings and finds workspaces.
func discover(settings, environment string) (*Settings, []Dir, error) {
	tree := estate(nil)
	if settings != "" {
		tree = estate(map[string]string{SettingsFile: settings})
	}
	s, err := LoadSettings(tree, environment)
	if err != nil {
		return nil, nil, err
	}
	dirs, err := Discover(tree, s, Terraform)
	return s, dirs, err
}

func TestDiscover(t *testing.T) {
	tests := []struct{ settings, want string }{
		{"", "common=env/common tokyo=env/tokyo"},
		{`workspaces = ["env/tokyo"]`, "tokyo=env/tokyo"},
		{`workspaces = ["infra/live/**"]`, "a/b=infra/live/a/b osaka=infra/live/osaka osaka/x=infra/live/osaka/x"},
		{`workspaces = ["env/*", "infra/live/*"]`, "common=env/common osaka=infra/live/osaka tokyo=env/tokyo"},
		{`workspaces = ["env/*", "env/to*"]`, "common=env/common tokyo=env/tokyo"},
		{`workspaces = ["./env/{common,tokyo}/"]`, "common=env/common tokyo=env/tokyo"},
	}
	for _, tt := range tests {
		_, dirs, err := discover(tt.settings, "")
		if err != nil {
			t.Errorf("%s: %v", tt.settings, err)
			continue
		}
		var got []string
		for _, d := range dirs {
			got = append(got, d.Name+"="+d.Path)
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%s: got %s, want %s", tt.settings, text, tt.want)
		}
	}
}

func TestDiscoverNothing(t *testing.T) {
	s, err := LoadSettings(newTree(map[string]string{"README.md": ""}), "")
	if err != nil {
		t.Fatal(err)
	}
	if dirs, err := Discover(newTree(map[string]string{"README.md": ""}), s, Terraform); err != nil || len(dirs) != 0 {
		t.Errorf("got %v, %v", dirs, err)
	}
}

func TestConfig(t *testing.T) {
	s, _, err := discover(`
defaults {
  apply         = "safe"
  var_files     = ["../shared.tfvars"]
  env           = ["TF_VAR_b"]
  protect       = ["aws_db_instance.*"]
  allow_unlocked = true
  plan_role     = "arn:aws:iam::123456789012:role/plan"
}
workspace "tokyo" {
  depends_on = ["common"]
  apply      = "approve"
  env        = ["TF_VAR_a", "TF_VAR_b"]
  protect    = ["module.db"]
  prune      = true
  apply_role = "arn:aws:iam::123456789012:role/apply"
  allow_unlocked = false
}
environment "staging" {
  var_file       = "staging.tfvars"
  backend_config = "env/staging.s3.tfbackend"
}
environment "other" {}
`, "staging")
	if err != nil {
		t.Fatal(err)
	}
	want := Config{
		DependsOn:     []string{"common"},
		Apply:         Approve,
		VarFiles:      []string{"env/shared.tfvars", "env/tokyo/staging.tfvars"},
		BackendConfig: "env/staging.s3.tfbackend",
		Env:           []string{"TF_VAR_a", "TF_VAR_b"},
		Protect:       []string{"aws_db_instance.*", "module.db"},
		Prune:         true,
		PlanRole:      "arn:aws:iam::123456789012:role/plan",
		ApplyRole:     "arn:aws:iam::123456789012:role/apply",
	}
	if got := s.Config("tokyo"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := s.Config("common"); got.Apply != Safe || !got.AllowUnlocked || got.DependsOn != nil {
		t.Errorf("the defaults do not reach others: %+v", got)
	}
	if got := strings.Join(s.Env(), " "); got != "TF_VAR_a TF_VAR_b" {
		t.Errorf("env: %s", got)
	}
}

func TestConfigWithoutSettings(t *testing.T) {
	s, _, err := discover("", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Config("tokyo"); !reflect.DeepEqual(got, Config{Apply: Always}) {
		t.Errorf("got %+v", got)
	}
}

// TestSettingsErrors checks that each mistake is told with its place.
func TestSettingsErrors(t *testing.T) {
	tests := []struct{ name, settings, want string }{
		{"syntax", "workspaces = [", `env/reconcile.hcl:1:15: `},
		{"unknown name", "\n  workspace \"tokyo\" {\n  aply = \"safe\"\n}", `env/reconcile.hcl:3:3: Unsupported argument: An argument named "aply" is not expected here. Did you mean "apply"?`},
		{"unknown block", "workspaec \"x\" {}", `env/reconcile.hcl:1:1: Unsupported block type`},
		{"no label", "workspace {}", `env/reconcile.hcl:1:11: Missing name for workspace`},
		{"wrong apply", `workspace "tokyo" { apply = "sometimes" }`, `env/reconcile.hcl:1:29: apply: "sometimes" is none of safe, always, approve, plan-only`},
		{"no such workspace", `workspace "tokio" {}`, `env/reconcile.hcl:1:11: there is no workspace "tokio" (known: common, tokyo)`},
		{"no glob in labels", `workspace "t*" {}`, `there is no workspace "t*"`},
		{"depends on nothing", "workspace \"tokyo\" {\n  depends_on = [\"common\", \"comon\"]\n}", `env/reconcile.hcl:2:27: depends_on: there is no workspace "comon"`},
		{"twice", "workspace \"tokyo\" {}\nworkspace \"tokyo\" {}", `env/reconcile.hcl:2:11: workspace "tokyo" has a block already`},
		{"defaults twice", "defaults {}\ndefaults {}", `env/reconcile.hcl:2:1: defaults: there may be one`},
		{"depends_on in defaults", `defaults { depends_on = ["common"] }`, `env/reconcile.hcl:1:12: Unsupported argument`},
		{"no match", `workspaces = ["env/*", "envs/*"]`, `env/reconcile.hcl:1:24: workspaces: "envs/*" matches no directory that holds .tf files`},
		{"no match, plain", `workspaces = ["live"]`, `env/reconcile.hcl:1:15: workspaces: "live" matches no directory`},
		{"bad glob", `workspaces = ["env/["]`, `env/reconcile.hcl:1:15: workspaces: "env/[" is no pattern`},
		{"glob outside", `workspaces = ["../env/*"]`, `env/reconcile.hcl:1:15: workspaces: "../env/*" is no pattern`},
		{"no patterns", `workspaces = []`, `env/reconcile.hcl:1:14: workspaces: at least one`},
		{"not a list", `workspaces = "env/*"`, `env/reconcile.hcl:1:14: workspaces: a list of strings is needed`},
		{"not strings", `workspaces = [1]`, `env/reconcile.hcl:1:15: workspaces: a string is needed here`},
		{"one name twice", `workspaces = ["env/*", "infra/modules/*"]`, `env/reconcile.hcl:1:24: workspaces: env/tokyo and infra/modules/tokyo would both be named "tokyo"`},
		{"no var file", `workspace "tokyo" { var_files = ["gone.tfvars"] }`, `env/reconcile.hcl:1:34: workspace tokyo has no variable file env/tokyo/gone.tfvars`},
		{"var file outside", `workspace "tokyo" { var_files = ["../../../x.tfvars"] }`, `env/reconcile.hcl:1:34: variable file ../x.tfvars of workspace tokyo lies outside the repository`},
		{"var file of defaults", `defaults { var_files = ["x.tfvars"] }`, `workspace common has no variable file env/common/x.tfvars`},
		{"bad env", `workspace "tokyo" { env = ["AWS_SECRET"] }`, `env/reconcile.hcl:1:28: env: "AWS_SECRET" is not a variable's name, such as TF_VAR_image`},
		{"bad role", `workspace "tokyo" { plan_role = "admin" }`, `env/reconcile.hcl:1:33: plan_role: "admin" is not a role's ARN`},
		{"bad protect", `workspace "tokyo" { protect = ["aws_["] }`, `env/reconcile.hcl:1:32: protect: "aws_[" is not an address`},
		{"bad prune", `workspace "tokyo" { prune = "yes" }`, `env/reconcile.hcl:1:29: prune: a bool is needed here`},
		{"variable", `workspace "tokyo" { prune = var.x }`, `env/reconcile.hcl:1:29: Unknown variable: There is no variable named "var".`},
		{"misspelt variable", "defaults {\n  plan_role = \"arn:aws:iam::123456789012:role/${worksapce}\"\n}", `env/reconcile.hcl:2:49: Unknown variable: There is no variable named "worksapce". Did you mean "workspace"?`},
		{"wrong for one", `defaults { plan_role = { common = "arn:aws:iam::123456789012:role/x", tokyo = "x" }[workspace] }`, `env/reconcile.hcl:1:24: plan_role: "x" is not a role's ARN`},
		{"name in patterns", `workspaces = ["env/${workspace}"]`, `env/reconcile.hcl:1:22: Variables not allowed`},
		{"name in env", `defaults { env = ["TF_VAR_${workspace}"] }`, `env/reconcile.hcl:1:29: Variables not allowed`},
		{"function", `defaults { apply = lower("SAFE") }`, `env/reconcile.hcl:1:20: Function calls not allowed`},
		{"nameless environment", `environment "" {}`, `env/reconcile.hcl:1:13: environment: a name is needed`},
		{"backend_config", `environment "x" { backend_config = "env/x.tfbackend" }`, `env/reconcile.hcl:1:36: backend_config: the repository has no file env/x.tfbackend`},
		{"environment twice", "environment \"x\" {}\nenvironment \"x\" {}", `env/reconcile.hcl:2:13: environment "x" has a block already`},
		{"null", `workspace "tokyo" { apply = null }`, `env/reconcile.hcl:1:29: apply: a string is needed here`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := discover(tt.settings, "")
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestDigest checks that settings which change what Terraform would do are an
// input, and how its plans are gated is not.
func TestDigest(t *testing.T) {
	digest := func(settings string) string {
		s, _, err := discover(settings, "")
		if err != nil {
			t.Fatal(err)
		}
		return s.Config("tokyo").Digest()
	}
	none := digest("")
	for _, settings := range []string{
		`workspace "tokyo" { apply = "approve" }`, `workspace "tokyo" { protect = ["x.y"] }`,
		`workspace "tokyo" { prune = true }`, `workspace "tokyo" { allow_unlocked = true }`,
		`workspace "tokyo" { plan_role = "arn:aws:iam::123456789012:role/x" }`, `workspace "common" { env = ["TF_VAR_x"] }`,
	} {
		if digest(settings) != none {
			t.Errorf("%s makes tokyo stale", settings)
		}
	}
	for _, settings := range []string{
		`workspace "tokyo" { depends_on = ["common"] }`, `workspace "tokyo" { var_files = ["staging.tfvars"] }`,
		`workspace "tokyo" { env = ["TF_VAR_x"] }`, `defaults { var_files = ["staging.tfvars"] }`,
	} {
		if digest(settings) == none {
			t.Errorf("%s does not make tokyo stale", settings)
		}
	}
}
