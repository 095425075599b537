//go:build linux

package preview_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generatedFiles returns files that generated expressions may read, and the variables and
// locals that name the files.
func generatedFiles(dir string) string {
	return strings.ReplaceAll(`-- DIR/x.txt --
hello
-- DIR/t.tpl --
${p}
-- DIR/names.tf --
variable "v" {
  default = "x.txt"
}
variable "far" {
  default = "/etc/hostname"
}
variable "b" {
  default = true
}
locals {
  near = "x.txt"
  far  = "/etc/hostname"
  pair = { near = "x.txt", far = "/etc/hostname" }
}
`, "DIR", dir)
}

// generatedConfig returns a configuration with the expression in one of the places where
// Terraform evaluates one.
func generatedConfig(i int, expression string) string {
	switch i % 5 {
	case 0:
		return fmt.Sprintf("output \"o%d\" {\n  value = %s\n}\n", i, expression)
	case 1:
		return fmt.Sprintf("resource \"terraform_data\" \"r%d\" {\n  input = [%s]\n}\n", i, expression)
	case 2:
		return fmt.Sprintf("locals {\n  l%d = {\"a\" = %s}\n}\noutput \"o%d\" {\n  value = local.l%d\n}\n", i, expression, i, i)
	case 3:
		return fmt.Sprintf("check \"c%d\" {\n  assert {\n    condition     = %s != null\n    error_message = \"no\"\n  }\n}\n", i, expression)
	default:
		return fmt.Sprintf("resource \"terraform_data\" \"r%d\" {\n  lifecycle {\n    precondition {\n      condition     = try(%s, null) != \"\"\n      error_message = \"no\"\n    }\n  }\n}\n", i, expression)
	}
}

func oneOf[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// randomExpression returns an expression that reads a file, or asks for one.
func randomExpression(r *rand.Rand) string {
	p := func() string { return randomPath(r, r.IntN(3)) }
	return oneOf(r,
		func() string { return "file(" + p() + ")" },
		func() string { return oneOf(r, "filebase64", "filemd5", "filesha256", "core::file") + "(" + p() + ")" },
		func() string { return "fileexists(" + p() + ")" },
		func() string { return "templatefile(" + p() + ", {p = " + p() + "})" },
		func() string {
			return "fileset(" + oneOf(r, `"."`, "path.module", p()) + ", " + oneOf(r, `"*"`, p()) + ")"
		},
		func() string { return "try(file(" + p() + "), " + p() + ")" },
		func() string { return "can(file(" + p() + "))" },
		func() string { return "[for p in [" + p() + ", " + p() + "] : file(p)]" },
		func() string { return "{for k, p in {a = " + p() + "} : k => filebase64(p)}" },
		func() string { return "templatestring(\"$${file(p)}\", {p = " + p() + "})" },
		func() string { return "nonsensitive(file(" + p() + "))" },
		func() string { return "\"%{ if " + randomCondition(r) + " }${file(" + p() + ")}%{ endif }\"" },
	)()
}

// randomPath returns an expression for a path, inside or outside, built in a roundabout
// way.
func randomPath(r *rand.Rand, depth int) string {
	if depth <= 0 && r.IntN(4) > 0 { // short ones more often, so that more expressions pass the check
		return oneOf(r,
			`"x.txt"`, `"x.txt"`, `"./x.txt"`, `"t.tpl"`, `"${path.module}/x.txt"`, `"${path.root}/x.txt"`, `"../../README.md"`, "var.v", "local.near", `local.pair["near"]`,
		)
	}
	if depth <= 0 {
		return oneOf(r,
			`"/etc/hostname"`, `"/proc/self/environ"`, `"~/.aws/credentials"`, `"../../../../../../../../../../../../etc/hostname"`, `"${path.cwd}/../../../../../../../../../../../etc/hostname"`,
			"var.far", "local.far", "local.pair.far", "abspath(\"/etc/hostname\")", `"${dirname("/etc/x")}/hostname"`, `"${path.cwd}/../x.txt"`, `pathexpand("~/.terraformrc")`,
		)
	}
	p := func() string { return randomPath(r, depth-1) }
	return oneOf(r,
		func() string { return randomCondition(r) + " ? " + p() + " : " + p() },
		func() string { return oneOf(r, "try", "coalesce") + "(" + p() + ", " + p() + ")" },
		func() string { return "lookup({a = " + p() + "}, " + oneOf(r, `"a"`, `"b"`) + ", " + p() + ")" },
		func() string { return "element([" + p() + ", " + p() + "], " + oneOf(r, "0", "1", "3") + ")" },
		func() string { return "[" + p() + ", " + p() + "][" + oneOf(r, "0", "1") + "]" },
		func() string { return "one([for p in [" + p() + "] : p])" },
		func() string { return `join("", [` + p() + `])` },
		func() string { return `format("%s", ` + p() + ")" },
		func() string { return "strrev(strrev(" + p() + "))" },
		func() string { return "base64decode(base64encode(" + p() + "))" },
		func() string { return "jsondecode(jsonencode(" + p() + "))" },
		func() string { return "yamldecode(yamlencode({a = " + p() + "})).a" },
		func() string { return `replace(` + p() + `, "x.txt", ` + p() + ")" },
		func() string { return `trimprefix("x/etc/hostname", ` + oneOf(r, `"x"`, `"y"`) + ")" },
		func() string { return "keys({(" + p() + ") = 1})[0]" },
		func() string { return "values(merge({a = " + p() + "}, {a = " + p() + "}))[0]" },
		func() string { return "sensitive(" + p() + ")" },
		func() string { return "tostring(" + p() + ")" },
		func() string { return "split(\",\", " + p() + ")[0]" },
		func() string { return "\"${" + p() + "}\"" },
		func() string { return "csvdecode(\"a\\n/etc/hostname\")[0].a" },
		func() string { return "chomp(\"/etc/hostname\\n\")" },
		func() string { return "flatten([[" + p() + "]])[0]" },
		func() string { return `regex(".*", ` + p() + ")" },
		func() string { return "(" + p() + ")" },
	)()
}

// randomCondition does not name terraform.workspace: a workspace that does is refused as
// a whole, before the check.
func randomCondition(r *rand.Rand) string {
	return oneOf(r, "true", "false", "var.b", "1 == 1", `fileexists("x.txt")`, `fileexists("/etc/hostname")`, `can(file("x.txt"))`, `can(file("nothing"))`,
		`startswith(path.cwd, "/")`, `fileexists("${path.module}/zzz_reconcile_override.tf")`, `timestamp() != ""`, `length(fileset(path.module, "zzz*")) > 0`, `plantimestamp() == ""`)
}
