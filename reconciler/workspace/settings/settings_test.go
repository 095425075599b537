package settings

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
)

// sampleRepo returns a repository with two workspaces and the given files.
func sampleRepo(more map[string]string) *treetest.Tree {
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
	return treetest.New(files)
}

// discover loads settings and finds workspaces.
func discover(settings, environment string) (*Settings, []Dir, error) {
	tree := sampleRepo(nil)
	if settings != "" {
		tree = sampleRepo(map[string]string{File: settings})
	}
	s, err := Load(tree, environment)
	if err != nil {
		return nil, nil, err
	}
	dirs, err := s.Discover(tree, repotree.Terraform)
	return s, dirs, err
}

func TestDiscover(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	s, err := Load(treetest.New(map[string]string{"README.md": ""}), "")
	if err != nil {
		t.Fatal(err)
	}
	if dirs, err := s.Discover(treetest.New(map[string]string{"README.md": ""}), repotree.Terraform); err != nil || len(dirs) != 0 {
		t.Errorf("got %v, %v", dirs, err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
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
  max_destroy = 2
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
		Apply:         ApplyApproved,
		VarFiles:      []string{"env/shared.tfvars", "env/tokyo/staging.tfvars"},
		BackendConfig: "env/staging.s3.tfbackend",
		Env:           []string{"TF_VAR_a", "TF_VAR_b"},
		Protect:       []string{"aws_db_instance.*", "module.db"},
		MaxDestroy:    new(2),
		PlanRole:      "arn:aws:iam::123456789012:role/plan",
		ApplyRole:     "arn:aws:iam::123456789012:role/apply",
		Positions:     map[string]string{"common": File + ":11:17", "TF_VAR_a": File + ":13:17", "TF_VAR_b": File + ":13:29"},
	}
	if got := s.Config("tokyo"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if got := s.Config("common"); got.Apply != ApplySafe || !got.AllowUnlocked || got.DependsOn != nil {
		t.Errorf("the defaults do not reach others: %+v", got)
	}
	if got := strings.Join(s.Env(), " "); got != "TF_VAR_a TF_VAR_b" {
		t.Errorf("env: %s", got)
	}
}

func TestConfigWithoutSettings(t *testing.T) {
	t.Parallel()
	s, _, err := discover("", "")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Config("tokyo"); !reflect.DeepEqual(got, Config{}) {
		t.Errorf("got %+v", got)
	}
}

// findProblems returns the mistakes in settings by the workspaces that they concern.
func findProblems(settings, environment string) map[string]string {
	found := map[string]string{}
	s, dirs, err := discover(settings, environment)
	if err != nil {
		return map[string]string{"all": err.Error()}
	}
	for _, d := range dirs {
		if err := s.Config(d.Name).Err; err != nil {
			found[d.Name] = err.Error()
		}
	}
	if list := s.Warnings(); len(list) > 0 {
		found["warning"] = strings.Join(list, "\n")
	}
	return found
}

// TestMatchesThatAreNoDirectories checks that what only looks like the directory of a workspace
// is told of: its changes would never be applied, and nobody would know.
func TestMatchesThatAreNoDirectories(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"env/sub": "submodule\n", "env/gone": "-> ../nowhere", "env/out": "-> ../../etc", "env/round": "-> round", "env/tosub": "-> sub",
		"env/notes": "-> README.md", "env/README.md": "", "env/.hidden": "-> nowhere",
	}
	want := `env/gone: a pattern of workspaces matches it, and it is no workspace: the link leads to nowhere, which does not exist
env/out: a pattern of workspaces matches it, and it is no workspace: symbolic link env/out leads outside the repository: Terraform would read files that are not in any commit
env/round: a pattern of workspaces matches it, and it is no workspace: symbolic link env/round: too many levels of symbolic links
env/sub: a pattern of workspaces matches it, and it is no workspace: env/sub is a Git submodule, which is not supported: copy its files into this repository, or call it as a module by its Git URL
env/tosub: a pattern of workspaces matches it, and it is no workspace: env/sub is a Git submodule, which is not supported: copy its files into this repository, or call it as a module by its Git URL`
	discover := func() (*Settings, []Dir, error) {
		tree := treetest.New(files)
		s, err := Load(tree, "")
		if err != nil {
			t.Fatal(err)
		}
		dirs, err := s.Discover(tree, repotree.Terraform)
		return s, dirs, err
	}
	if _, _, err := discover(); err == nil || err.Error() != want {
		t.Errorf("without a workspace: %v, want %s", err, want)
	}
	files["env/real/main.tf"], files["env/again"] = "", "-> real"
	s, dirs, err := discover()
	if err != nil || len(dirs) != 1 || strings.Join(s.Warnings(), "\n") != want {
		t.Errorf("beside a workspace: %v, %v, %q", dirs, err, s.Warnings())
	}
}

// TestSettingsErrors checks that each mistake is reported with its position, to the
// workspaces that it concerns. docs/recovery.md documents these decisions.
func TestSettingsErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, whom, settings, want string }{
		{"syntax", "all", "workspaces = [", `env/reconcile.hcl:1:15: `},
		{"a list elsewhere", "tokyo", "\n  workspace \"tokyo\" {\n  var_file = \"a.tfvars\"\n}", `env/reconcile.hcl:3:3: var_file is only allowed in an environment: use var_files in defaults or in a workspace block`},
		{"unknown name", "tokyo", "\n  workspace \"tokyo\" {\n  aply = \"safe\"\n}", `env/reconcile.hcl:3:3: Unsupported argument: An argument named "aply" is not expected here. Did you mean "apply"?`},
		{"unknown block", "all", "workspaec \"x\" {}", `env/reconcile.hcl:1:1: Unsupported block type`},
		{"no label", "all", "workspace {}", `env/reconcile.hcl:1:11: Missing name for workspace`},
		{"wrong apply", "tokyo", `workspace "tokyo" { apply = "sometimes" }`, `env/reconcile.hcl:1:29: apply: "sometimes" is not one of safe, always, approve, plan-only`},
		{"no such workspace", "all", `workspace "tokio" {}`, `env/reconcile.hcl:1:11: there is no workspace "tokio" (known: common, tokyo)`},
		{"no glob in labels", "all", `workspace "t*" {}`, `there is no workspace "t*"`},
		{"depends on nothing", "tokyo", "workspace \"tokyo\" {\n  depends_on = [\"common\", \"comon\"]\n}", `env/reconcile.hcl:2:27: depends_on: there is no workspace "comon"`},
		{"twice", "tokyo", "workspace \"tokyo\" {}\nworkspace \"tokyo\" {}", `env/reconcile.hcl:2:11: duplicate workspace "tokyo"`},
		{"defaults twice", "all", "defaults {}\ndefaults {}", `env/reconcile.hcl:2:1: defaults: only one`},
		{"depends_on in defaults", "all", `defaults { depends_on = ["common"] }`, `env/reconcile.hcl:1:12: Unsupported argument`},
		{"no match", "warning", `workspaces = ["env/*", "envs/*"]`, `env/reconcile.hcl:1:24: workspaces: "envs/*" matches no directory with .tf files`},
		{"no match, plain", "all", `workspaces = ["live"]`, `env/reconcile.hcl:1:15: workspaces: "live" matches no directory`},
		{"bad glob", "all", `workspaces = ["env/["]`, `env/reconcile.hcl:1:15: workspaces: "env/[" is not a pattern`},
		{"glob outside", "all", `workspaces = ["../env/*"]`, `env/reconcile.hcl:1:15: workspaces: "../env/*" is not a pattern`},
		{"no patterns", "all", `workspaces = []`, `env/reconcile.hcl:1:14: workspaces: give at least one`},
		{"not a list", "all", `workspaces = "env/*"`, `env/reconcile.hcl:1:14: workspaces: must be a list of strings`},
		{"not strings", "all", `workspaces = [1]`, `env/reconcile.hcl:1:15: workspaces: must be a string`},
		{"one name twice", "tokyo", `workspaces = ["env/*", "infra/modules/*"]`, `env/reconcile.hcl:1:24: workspaces: env/tokyo and infra/modules/tokyo would both be named "tokyo"`},
		{"no var file", "tokyo", `workspace "tokyo" { var_files = ["gone.tfvars"] }`, `env/reconcile.hcl:1:34: workspace tokyo: variable file env/tokyo/gone.tfvars does not exist`},
		{"var file outside", "tokyo", `workspace "tokyo" { var_files = ["../../../x.tfvars"] }`, `env/reconcile.hcl:1:34: variable file ../x.tfvars of workspace tokyo is outside the repository`},
		{"var file of defaults", "common+tokyo", `defaults { var_files = ["x.tfvars"] }`, `workspace common: variable file env/common/x.tfvars does not exist`},
		{"bad env", "tokyo", `workspace "tokyo" { env = ["AWS_SECRET"] }`, `env/reconcile.hcl:1:28: env: "AWS_SECRET" is not a variable's name, such as TF_VAR_image`},
		{"bad role", "tokyo", `workspace "tokyo" { plan_role = "admin" }`, `env/reconcile.hcl:1:33: plan_role: "admin" is not a role's ARN`},
		{"bad protect", "tokyo", `workspace "tokyo" { protect = ["aws_["] }`, `env/reconcile.hcl:1:32: protect: "aws_[" is not an address`},
		{"bad prune", "tokyo", `workspace "tokyo" { prune = "yes" }`, `env/reconcile.hcl:1:29: prune: must be a bool`},
		{"prune", "warning", `defaults { prune = true }`, `env/reconcile.hcl:1:20: prune = true is not honoured yet`},
		{"bad bool", "tokyo", `workspace "tokyo" { allow_unlocked = "yes" }`, `env/reconcile.hcl:1:38: allow_unlocked: must be a bool`},
		{"variable", "tokyo", `workspace "tokyo" { allow_unlocked = var.x }`, `env/reconcile.hcl:1:38: Unknown variable: There is no variable named "var".`},
		{"misspelt variable", "all", "defaults {\n  plan_role = \"arn:aws:iam::123456789012:role/${worksapce}\"\n}", `env/reconcile.hcl:2:49: Unknown variable: There is no variable named "worksapce". Did you mean "workspace"?`},
		{"wrong for one", "tokyo", `defaults { plan_role = { common = "arn:aws:iam::123456789012:role/x", tokyo = "x" }[workspace] }`, `env/reconcile.hcl:1:24: plan_role: "x" is not a role's ARN`},
		{"name in patterns", "all", `workspaces = ["env/${workspace}"]`, `env/reconcile.hcl:1:22: Variables not allowed`},
		{"name in env", "all", `defaults { env = ["TF_VAR_${workspace}"] }`, `env/reconcile.hcl:1:29: Variables not allowed`},
		{"function", "all", `defaults { apply = lower("SAFE") }`, `env/reconcile.hcl:1:20: Function calls not allowed`},
		{"nameless environment", "all", `environment "" {}`, `env/reconcile.hcl:1:13: environment: the name is missing`},
		{"backend_config", "warning", `environment "x" { backend_config = "env/x.tfbackend" }`, `env/reconcile.hcl:1:36: backend_config: file env/x.tfbackend does not exist`},
		{"environment twice", "all", "environment \"x\" {}\nenvironment \"x\" {}", `env/reconcile.hcl:2:13: duplicate environment "x"`},
		{"typo of one that is to be protected", "all", `workspace "tokio" { apply = "plan-only" }`, `(known: common, tokyo), did you mean "tokyo"?: the settings are not used until`},
		{"twice, with rights that differ", "tokyo", "workspace \"tokyo\" { apply = \"plan-only\" }\nworkspace \"tokyo\" { apply = \"always\" }", `duplicate workspace`},
		{"several in one block", "tokyo", "workspace \"tokyo\" {\n  apply = 1\n  depends_on = [\"comon\"]\n  aply = 2\n}", "2:11: apply: must be a string\nenv/reconcile.hcl:3:17: depends_on: there is no workspace \"comon\" (known: common, tokyo), did you mean \"common\"?\nenv/reconcile.hcl:4:3: Unsupported argument"},
		{"of one and of all", "all", "workspace \"tokyo\" { apply = 1 }\ndefaults { apply = 1 }", `env/reconcile.hcl:2:20: apply: must be a string`},
		{"mistakes of an environment that is not chosen", "warning", "environment \"x\" {\n  colour = 1\n  defaults { apply = 1 }\n  workspace \"tokio\" {}\n  workspace \"tokyo\" { allow_unlocked = 1 }\n}", "2:3: Unsupported argument"},
		{"null", "tokyo", `workspace "tokyo" { apply = null }`, `env/reconcile.hcl:1:29: apply: must be a string`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkProblems(t, findProblems(tt.settings, ""), tt.whom, tt.want) })
	}
}

// checkProblems checks that a mistake concerns exactly the given workspaces.
func checkProblems(t *testing.T, got map[string]string, whom, want string) {
	t.Helper()
	if concerned := strings.Join(slices.Sorted(maps.Keys(got)), "+"); concerned != whom {
		t.Errorf("concerns %s, not %s: %v", concerned, whom, got)
	}
	if first, _, _ := strings.Cut(whom, "+"); !strings.Contains(got[first], want) {
		t.Errorf("got %v\nwant %s", got, want)
	}
}

// TestDigest checks that settings that change what Terraform would do are an input, and
// that the approval of plans is not.
func TestDigest(t *testing.T) {
	t.Parallel()
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
		`workspace "tokyo" { max_destroy = 1 }`, `workspace "tokyo" { prune = true }`, `workspace "tokyo" { allow_unlocked = true }`,
		`workspace "tokyo" { plan_role = "arn:aws:iam::123456789012:role/x" }`, `workspace "common" { env = ["TF_VAR_x"] }`,
	} {
		if digest(settings) != none {
			t.Errorf("%s makes tokyo stale", settings)
		}
	}
	for _, settings := range []string{
		`workspace "tokyo" { depends_on = ["common"] }`, `workspace "tokyo" { var_files = ["staging.tfvars"] }`,
		`workspace "tokyo" { env = ["TF_VAR_x"] }`, `defaults { var_files = ["staging.tfvars"] }`,
		`workspace "tokyo" { inputs = [] }`, `defaults { inputs = ["a"] }`, `defaults { ignore = ["**/*.md"] }`,
	} {
		if digest(settings) == none {
			t.Errorf("%s does not make tokyo stale", settings)
		}
	}
}

// TestPathPatterns checks which patterns of inputs and ignore are taken, and how they are joined.
func TestPathPatterns(t *testing.T) {
	t.Parallel()
	s, _, err := discover(`
defaults {
  inputs = ["./lambda/"]
  ignore = ["**/*.md"]
}
workspace "tokyo" {
  inputs = ["${workspace}/{a,b}/*.json", "."]
}
environment "staging" {
  defaults {
    ignore = ["docs"]
  }
  workspace "common" {
    inputs = []
  }
}
`, "staging")
	if err != nil {
		t.Fatal(err)
	}
	tokyo, common := s.Config("tokyo"), s.Config("common")
	if want := []string{"lambda", "tokyo/{a,b}/*.json", "**"}; !slices.Equal(tokyo.Inputs, want) {
		t.Errorf("inputs: %v, want %v", tokyo.Inputs, want)
	}
	if want := []string{"**/*.md", "docs"}; !slices.Equal(common.Ignore, want) || !slices.Equal(common.Inputs, []string{"lambda"}) {
		t.Errorf("ignore: %v, inputs %v", common.Ignore, common.Inputs)
	}
	if s, _, err = discover(`workspace "tokyo" { inputs = [] }`, ""); err != nil || s.Config("tokyo").Inputs == nil || s.Config("common").Inputs != nil {
		t.Errorf("an empty list: %#v, %v", s.Config("tokyo").Inputs, err)
	}
	for _, pattern := range []string{"/etc/*", "../x", "a/../../x", "a/{b,..}/c", "[", "{a", `a\\b`, ".."} {
		text := "workspace \"tokyo\" {\n  ignore = [\"**/*.md\", \"" + pattern + "\"]\n}\n"
		s, _, err := discover(text, "")
		if err != nil {
			t.Fatal(err)
		}
		err = s.Config("tokyo").Err
		if err == nil || !strings.HasPrefix(err.Error(), "env/reconcile.hcl:2:24: ignore: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", pattern, err)
		}
	}
	if _, _, err := discover(`defaults { inputs = "lambda" }`, ""); err == nil || !strings.Contains(err.Error(), "env/reconcile.hcl:1:21: inputs: must be a list of strings") {
		t.Errorf("got %v", err)
	}
}
