package reconciler_test

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/inspect"
	"reconcile/reconciler/run"
	"reconcile/reconciler/source"
	"reconcile/reconciler/source/gittest"
)

// estate is a repository in the shape of a public one, with some hundred roots.
type estate struct {
	t      *testing.T
	repo   *gittest.Repo
	config run.Config
	roots  map[string]bool
	tip    commitid.ID
}

// estateCommit is one commit, and what it makes stale. Names of workspaces are patterns, as in
// path.Match. A workspace that is new or removed is not among the stale ones.
type estateCommit struct {
	what           string
	edit           map[string]string // the text of files; "" removes one
	move           [2]string         // a file or a directory, and its new name
	revert         bool              // of the commit before
	stale          []string
	added, removed []string
	maybe          []string // readers of states
}

func newEstate(t *testing.T, files map[string]string, roots []string) *estate {
	t.Helper()
	e := &estate{t: t, repo: gittest.New(t), roots: map[string]bool{}}
	for _, name := range roots {
		e.roots[name] = true
	}
	e.tip = e.repo.Commit("first", files)
	opened, err := source.Open(source.Options{URL: e.repo.Work})
	if err != nil {
		t.Fatal(err)
	}
	e.config = run.Config{
		Repo: e.repo.Work, Branch: "main", RecordName: "test", Source: opened, WorkDir: t.TempDir(),
		Terraform: func(context.Context) (run.Terraform, error) { return modelTerraform{}, nil },
		LookupEnv: func(string) (string, bool) { return "", false },
	}
	return e
}

// check makes the commits one after the other. Each makes exactly those workspaces stale that
// it says, and none for the whole repository.
func (e *estate) check(commits []estateCommit) {
	e.t.Helper()
	if len(e.roots) < 90 || len(commits) != 20 {
		e.t.Errorf("%d roots and %d commits", len(e.roots), len(commits))
	}
	for _, c := range commits {
		before := e.tip
		e.tip = e.commit(c)
		got, err := inspect.FindChanged(e.t.Context(), e.config, string(before), string(e.tip))
		if err != nil {
			e.t.Fatalf("%s: %v", c.what, err)
		}
		verdicts := map[string][]string{}
		for _, w := range got.Workspaces {
			kind := "stale"
			switch {
			case w.New:
				kind = "added"
			case w.Removed:
				kind = "removed"
			}
			verdicts[kind] = append(verdicts[kind], w.Name)
			if slices.Contains(w.Stale, ".") {
				e.t.Errorf("%s: %s is stale for the whole repository: %q", c.what, w.Name, got.Warnings)
			}
		}
		verdicts["maybe"] = got.Maybe
		for _, name := range c.removed {
			delete(e.roots, name)
		}
		for kind, want := range map[string][]string{"stale": e.expand(c.stale), "added": c.added, "removed": c.removed, "maybe": e.expand(c.maybe)} {
			if !slices.Equal(verdicts[kind], want) {
				e.t.Errorf("%s: %s are %q, want %q", c.what, kind, verdicts[kind], want)
			}
		}
		for _, name := range c.added {
			e.roots[name] = true
		}
	}
}

func (e *estate) commit(c estateCommit) commitid.ID {
	e.t.Helper()
	switch {
	case c.revert:
		return e.repo.Revert("HEAD")
	case c.move[0] != "":
		e.repo.Git("mv", c.move[0], c.move[1])
	}
	files := map[string]string{}
	for name, text := range c.edit {
		if text == "" {
			e.repo.Git("rm", "-rq", name)
		} else {
			files[name] = text
		}
	}
	return e.repo.Commit(c.what, files)
}

// expand returns the names of the roots that match one of the patterns, sorted.
func (e *estate) expand(patterns []string) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.roots)) {
		if slices.ContainsFunc(patterns, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
			names = append(names, name)
		}
	}
	return names
}

const estateReadme = "# Read me\n"

// Roots are environments/ENVIRONMENT/APPLICATION. An application has a module, half of them
// share one more; an environment has a file of values, and production has linked providers.
func TestEstateOfEnvironments(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"env/reconcile.hcl":      "workspaces = [\"environments/*/*\"]\n",
		"README.md":              estateReadme,
		"environments/README.md": estateReadme,
		"shared/providers.tf":    "provider \"aws\" {\n  region = \"ap-northeast-1\"\n}\n",
		"modules/base/main.tf":   "variable \"env\" {}\n",
		"modules/unused/main.tf": "locals {}\n",
	}
	root := func(env, app, module string) string {
		return fmt.Sprintf(`terraform {
  backend "s3" {
    bucket = "states"
    key    = "%s/%s.tfstate"
  }
}
locals {
  env    = basename(dirname(abspath(path.module)))
  config = yamldecode(file("${path.module}/../../../config/${local.env}.yaml"))
}
module "app" {
  source = "../../../modules/%s"
  env    = local.env
  size   = local.config.size
}
`, env, app, module)
	}
	moduleText := func(app int) string {
		text := "variable \"env\" {}\nvariable \"size\" {}\nresource \"aws_instance\" \"this\" {\n  user_data = templatefile(\"${path.module}/templates/user.tpl\", { env = var.env })\n}\n"
		if app < 5 {
			text += "module \"base\" {\n  source = \"../base\"\n  env    = var.env\n}\n"
		}
		return text
	}
	var roots []string
	for i := range 10 {
		app := fmt.Sprintf("app%d", i)
		files["modules/"+app+"/main.tf"] = moduleText(i)
		files["modules/"+app+"/templates/user.tpl"] = "echo ${env}\n"
		for _, env := range []string{"dev", "prod", "qa", "stg", "d1", "d2", "d3", "d4", "d5", "d6"} {
			files["config/"+env+".yaml"] = "size: 1\n"
			dir := "environments/" + env + "/" + app
			files[dir+"/main.tf"] = root(env, app, app)
			files[dir+"/terraform.tfvars"] = "# none\n"
			if env == "prod" {
				files[dir+"/providers.tf"] = "-> ../../../shared/providers.tf"
			}
			roots = append(roots, env+"/"+app)
		}
	}
	renamed := map[string]string{}
	for _, name := range roots {
		if strings.HasSuffix(name, "/app7") {
			env, _, _ := strings.Cut(name, "/")
			renamed["environments/"+name+"/main.tf"] = root(env, "app7", "web")
		}
	}
	newEstate(t, files, roots).check([]estateCommit{
		{what: "a root", edit: map[string]string{"environments/prod/app3/main.tf": root("prod", "app3", "app3") + "# more\n"}, stale: []string{"prod/app3"}},
		{what: "values of a root", edit: map[string]string{"environments/stg/app4/terraform.tfvars": "x = 1\n"}, stale: []string{"stg/app4"}},
		{what: "a module", edit: map[string]string{"modules/app3/main.tf": moduleText(3) + "# more\n"}, stale: []string{"*/app3"}},
		{what: "a module of modules", edit: map[string]string{"modules/base/main.tf": "variable \"env\" {}\n# more\n"}, stale: []string{"*/app[0-4]"}},
		{what: "the values of an environment", edit: map[string]string{"config/prod.yaml": "size: 2\n"}, stale: []string{"prod/*"}},
		{what: "a README", edit: map[string]string{"README.md": "# More\n"}},
		{what: "a README among the roots", edit: map[string]string{"environments/README.md": "# More\n"}},
		{what: "what a link leads to", edit: map[string]string{"shared/providers.tf": "provider \"aws\" {\n  region = \"us-east-1\"\n}\n"}, stale: []string{"prod/*"}},
		{what: "a new root", edit: map[string]string{"environments/dev/extra/main.tf": root("dev", "extra", "app1")}, added: []string{"dev/extra"}},
		{what: "a module of the new root", edit: map[string]string{"modules/app1/main.tf": moduleText(1) + "# more\n"}, stale: []string{"*/app1", "dev/extra"}},
		{what: "a root is removed", edit: map[string]string{"environments/stg/app5": ""}, removed: []string{"stg/app5"}},
		{what: "a root is moved", move: [2]string{"environments/dev/app6", "environments/dev/app6b"}, added: []string{"dev/app6b"}, removed: []string{"dev/app6"}},
		{what: "a module is renamed", move: [2]string{"modules/app7", "modules/web"}, edit: renamed, stale: []string{"*/app7"}},
		{what: "and named as before", revert: true, stale: []string{"*/app7"}},
		{what: "a workflow", edit: map[string]string{".github/workflows/ci.yaml": "on: push\n"}},
		{what: "values of no environment", edit: map[string]string{"config/none.yaml": "size: 1\n"}},
		{what: "a new file of a module", edit: map[string]string{"modules/base/extra.tf": "locals {}\n"}, stale: []string{"*/app[0-4]", "dev/extra"}},
		{what: "a template", edit: map[string]string{"modules/app2/templates/user.tpl": "echo more ${env}\n"}, stale: []string{"*/app2"}},
		{what: "a module that nobody calls", edit: map[string]string{"modules/unused/main.tf": "locals {}\n# more\n"}},
		{what: "a root and a module", edit: map[string]string{"environments/prod/app1/terraform.tfvars": "x = 1\n", "modules/app8/main.tf": moduleText(8) + "# more\n"}, stale: []string{"prod/app1", "*/app8"}},
	})
}

// Roots are terraform/TEAM/SERVICE, each with one key of the bucket. All read the state of the
// network, a team has a file, and the services of five teams read a file for each account.
func TestEstateOfKeys(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"env/reconcile.hcl":                  "workspaces = [\"terraform/*/*\"]\n",
		"terraform/accounts.yaml":            "accounts: [a1, a2]\n",
		"terraform/accounts/a1.json":         "{}\n",
		"terraform/accounts/a2.json":         "{}\n",
		"terraform/accounts/a3.json":         "{}\n",
		"terraform/platform/network/main.tf": "terraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key    = \"platform/network\"\n  }\n}\n",
	}
	root := func(team, service int) string {
		text := fmt.Sprintf(`terraform {
  backend "s3" {
    bucket = "states"
    key    = "t%[1]d/s%[2]d"
  }
}
data "terraform_remote_state" "network" {
  backend = "s3"
  config = {
    bucket = "states"
    key    = "platform/network"
  }
}
locals {
  team = jsondecode(file("${path.module}/../team.json"))
}
resource "aws_iam_policy" "this" {
  for_each = fileset(path.module, "policies/*.json")
  policy   = file("${path.module}/${each.value}")
}
`, team, service)
		if team < 5 {
			text += `locals {
  accounts = yamldecode(file("${path.module}/../../accounts.yaml")).accounts
}
resource "aws_ssm_parameter" "account" {
  for_each = toset(local.accounts)
  value    = file("${path.root}/../../accounts/${each.key}.json")
}
`
		}
		return text
	}
	roots := []string{"platform/network"}
	var ofTeam8 []string
	for team := range 10 {
		files[fmt.Sprintf("terraform/t%d/team.json", team)] = "{\"name\": \"x\"}\n"
		for service := range 10 {
			name := fmt.Sprintf("t%d/s%d", team, service)
			files["terraform/"+name+"/main.tf"] = root(team, service)
			files["terraform/"+name+"/policies/p.json"] = "{}\n"
			roots = append(roots, name)
			if team == 8 {
				ofTeam8 = append(ofTeam8, name)
			}
		}
	}
	var renamed []string
	for _, name := range ofTeam8 {
		renamed = append(renamed, strings.Replace(name, "t8", "u8", 1))
	}
	network := files["terraform/platform/network/main.tf"]
	newEstate(t, files, roots).check([]estateCommit{
		{what: "a root", edit: map[string]string{"terraform/t3/s4/main.tf": root(3, 4) + "# more\n"}, stale: []string{"t3/s4"}},
		{what: "a team's file", edit: map[string]string{"terraform/t6/team.json": "{\"name\": \"y\"}\n"}, stale: []string{"t6/*"}},
		{what: "an account", edit: map[string]string{"terraform/accounts/a2.json": "{\"a\": 1}\n"}, stale: []string{"t[0-4]/*"}},
		{what: "an account that is not listed", edit: map[string]string{"terraform/accounts/a3.json": "{\"a\": 1}\n"}},
		{what: "an account is listed", edit: map[string]string{"terraform/accounts.yaml": "accounts: [a1, a2, a3]\n"}, stale: []string{"t[0-4]/*"}},
		{what: "the listed account", edit: map[string]string{"terraform/accounts/a3.json": "{\"a\": 2}\n"}, stale: []string{"t[0-4]/*"}},
		{what: "the network", edit: map[string]string{"terraform/platform/network/main.tf": network + "# more\n"}, stale: []string{"platform/network"}, maybe: []string{"t*/*"}},
		{what: "a policy", edit: map[string]string{"terraform/t9/s9/policies/p.json": "{\"a\": 1}\n"}, stale: []string{"t9/s9"}},
		{what: "a new policy", edit: map[string]string{"terraform/t9/s8/policies/q.json": "{}\n"}, stale: []string{"t9/s8"}},
		{what: "a key", edit: map[string]string{"terraform/t1/s1/main.tf": strings.Replace(root(1, 1), "t1/s1", "t1/new", 1)}, stale: []string{"t1/s1"}},
		{what: "and the key before", revert: true, stale: []string{"t1/s1"}},
		{what: "a file of a tool", edit: map[string]string{".tflint.hcl": "config {}\n", "terraform/Makefile": "all:\n"}},
		{what: "a new root", edit: map[string]string{"terraform/t2/new/main.tf": root(2, 99)}, added: []string{"t2/new"}},
		{what: "a root is removed", edit: map[string]string{"terraform/t2/s2": ""}, removed: []string{"t2/s2"}},
		{what: "and comes back", revert: true, added: []string{"t2/s2"}},
		{what: "a team is renamed", move: [2]string{"terraform/t8", "terraform/u8"}, added: renamed, removed: ofTeam8},
		{what: "the renamed team's file", edit: map[string]string{"terraform/u8/team.json": "{\"name\": \"z\"}\n"}, stale: []string{"u8/*"}},
		{what: "a lock file", edit: map[string]string{"terraform/t5/s5/.terraform.lock.hcl": "# lock\n"}, stale: []string{"t5/s5"}},
		{what: "values by name", edit: map[string]string{"terraform/t5/s6/x.auto.tfvars": "x = 1\n"}, stale: []string{"t5/s6"}},
		{what: "documentation", edit: map[string]string{"docs/a.md": "# A\n", "terraform/README.md": "# B\n"}},
	})
}

// Roots are live/APPLICATION, and call one module with their names. It reads a template by
// name, from a folder beside it, and files whose names only AWS knows.
func TestEstateOfTemplates(t *testing.T) {
	t.Parallel()
	const module = `variable "name" {}
variable "alarm" {}
data "aws_caller_identity" "current" {}
data "aws_region" "current" {}
locals {
  template = "${path.module}/../../templates/${var.name}.json"
  alarms   = { for k in [var.alarm] : k => jsondecode(file("${path.module}/../../alarms/${k}.json")) }
}
resource "aws_ecs_task_definition" "this" {
  container_definitions = templatefile(local.template, { region = data.aws_region.current.name })
}
resource "aws_iam_policy" "account" {
  policy = file("${path.module}/../../policies/${data.aws_caller_identity.current.account_id}.json")
}
resource "aws_iam_policy" "region" {
  policy = file("${path.module}/../../policies/region-${data.aws_region.current.name}.json")
}
resource "aws_s3_object" "own" {
  content = file("${path.module}/templates/${var.name}.json")
}
resource "aws_s3_object" "boot" {
  source = "${path.module}/boot/${data.aws_region.current.name}.sh"
}
`
	root := func(name, template, alarm string) string {
		return fmt.Sprintf("terraform {\n  backend \"s3\" {\n    bucket = \"states\"\n    key    = %q\n  }\n}\nlocals {\n  app = %q\n}\nmodule \"service\" {\n  source = \"../../modules/service\"\n  name   = local.app\n  alarm  = %q\n}\n", name, template, alarm)
	}
	files := map[string]string{
		"env/reconcile.hcl":               "workspaces = [\"live/*\"]\n",
		"modules/service/main.tf":         module,
		"modules/service/boot/any.sh":     "true\n",
		"policies/1234.json":              "{}\n",
		"policies/region-us-east-1.json":  "{}\n",
		"policies/README.md":              estateReadme,
		"alarms/high.json":                "{}\n",
		"alarms/low.json":                 "{}\n",
		"templates/README.md":             estateReadme,
		"templates/none.json":             "{}\n",
		"live/README.md":                  estateReadme,
		"modules/other/templates/t1.json": "{}\n",
		"modules/other/main.tf":           "locals {}\n",
	}
	var roots []string
	for i := range 100 {
		name, alarm := fmt.Sprintf("a%02d", i), "low"
		if i%10 == 0 {
			alarm = "high"
		}
		template := fmt.Sprintf("t%d", i%10)
		files["templates/"+template+".json"], files["modules/service/templates/"+template+".json"] = "[]\n", "[]\n"
		files["live/"+name+"/main.tf"] = root(name, template, alarm)
		roots = append(roots, name)
	}
	newEstate(t, files, roots).check([]estateCommit{
		{what: "a root", edit: map[string]string{"live/a17/main.tf": root("a17", "t7", "low") + "# more\n"}, stale: []string{"a17"}},
		{what: "a template", edit: map[string]string{"templates/t3.json": "[1]\n"}, stale: []string{"a?3"}},
		{what: "a template that nobody names", edit: map[string]string{"templates/none.json": "[1]\n"}},
		{what: "a new template", edit: map[string]string{"templates/new.json": "[]\n"}},
		{what: "a root takes it", edit: map[string]string{"live/a18/main.tf": root("a18", "new", "low")}, stale: []string{"a18"}},
		{what: "the taken template", edit: map[string]string{"templates/new.json": "[2]\n"}, stale: []string{"a18"}},
		{what: "the template that it had", edit: map[string]string{"templates/t8.json": "[1]\n"}, stale: []string{"a[0-02-9]8"}},
		{what: "an alarm", edit: map[string]string{"alarms/high.json": "{\"a\": 1}\n"}, stale: []string{"a?0"}},
		{what: "a policy by account", edit: map[string]string{"policies/1234.json": "{\"a\": 1}\n"}, stale: []string{"*"}},
		{what: "a README beside the policies", edit: map[string]string{"policies/README.md": "# More\n"}},
		{what: "a README beside the templates", edit: map[string]string{"templates/README.md": "# More\n"}},
		{what: "a README among the roots", edit: map[string]string{"live/README.md": "# More\n"}},
		{what: "a new policy", edit: map[string]string{"policies/region-eu.json": "{}\n"}, stale: []string{"*"}},
		{what: "the module", edit: map[string]string{"modules/service/main.tf": module + "# more\n"}, stale: []string{"*"}},
		{what: "another module", edit: map[string]string{"modules/other/templates/t1.json": "[]\n"}},
		{what: "a new root", edit: map[string]string{"live/b00/main.tf": root("b00", "t0", "high")}, added: []string{"b00"}},
		{what: "a root is removed", edit: map[string]string{"live/a99": ""}, removed: []string{"a99"}},
		{what: "a template is renamed with its root", move: [2]string{"templates/t9.json", "templates/n9.json"}, edit: map[string]string{"live/a09/main.tf": root("a09", "n9", "low")}, stale: []string{"a?9"}},
		{what: "and named as before", revert: true, stale: []string{"a?9"}},
		{what: "a template of the module's own", edit: map[string]string{"modules/service/templates/t1.json": "[1]\n"}, stale: []string{"*"}},
	})
}
