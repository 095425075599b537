package hcleval

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"reconcile/internal/testtier"
)

// expressions are compared with Terraform. Each is made JSON, and "error" if it fails.
var expressions = []string{
	`coalesce("", "b")`, `coalesce(null, "", "c", "d")`, `coalesce("", null)`, `coalesce(0, 1)`, `coalesce(1, "a")`, `coalesce([], [1])`, `coalesce()`,
	`lookup({ p = "prod" }, "p")`, `lookup({ p = "prod" }, "q")`, `lookup({ p = "prod" }, "q", "d")`, `lookup(tomap({ p = "x" }), "p")`,
	`lookup(tomap({ p = "x" }), "q")`, `lookup(tomap({ p = "x" }), "q", "d")`, `lookup({ p = [1] }, "p", 2)`, `lookup({ p = 1 }, "p", "a", "b")`, `lookup(["a"], "a")`,
	`lookup({ p = null }, "p", "d")`, `lookup({}, "a", [])`,
	`index(["dev", "prod"], "prod")`, `index(["dev", "prod"], "none")`, `index([], "x")`, `index(tolist(["a", "b"]), "b")`, `index({ a = 1 }, 1)`, `index([1, "1"], "1")`,
	`["d", "p"][index(["dev", "prod"], "prod")]`,
	`element(["a", "b"], 3)`, `element(["a", "b"], -1)`, `element([], 0)`,
	`one([])`, `one(["a"])`, `one([1, 2])`, `one("a")`, `length("héé")`, `length([1, 2])`, `length({ a = 1 })`, `length(1)`,
	`split(" ", "sh ../x.sh")`, `split(",", "")`, `join("/", ["a", "b"], ["c"])`, `join("-", [])`,
	`concat(["a"], [1], [])`, `flatten([["a"], [["b"]], []])`, `compact(["a", "", null])`, `distinct(["a", "b", "a"])`, `merge({ a = 1 }, { a = 2, b = 3 })`, `merge()`,
	`keys({ b = 1, a = 2 })`, `values({ b = 1, a = 2 })`, `zipmap(["a", "b"], [1, 2])`, `contains(["a"], "a")`, `contains(["a"], 1)`, `slice(["a", "b", "c"], 1, 2)`,
	`reverse(["a", "b"])`, `sort(["b", "a"])`, `range(3)`, `range(1, 8, 3)`, `setunion(["a"], ["b"])`, `setproduct(["a"], ["b", "c"])`, `setsubtract(["a", "b"], ["a"])`, `setintersection(["a"], ["a", "b"])`,
	`chunklist(["a", "b", "c"], 2)`, `coalescelist([], ["a"])`, `toset(["a", "a"])`, `tolist(toset(["b", "a"]))`, `tomap({ a = 1 })`, `tostring(1)`, `tostring(null)`, `tonumber("1")`, `tonumber("x")`, `tobool("true")`,
	`format("%s-%03d-%v", "a", 7, true)`, `format("%s")`, `format("%q", "a")`, `formatlist("%s.json", ["a", "b"])`, `lower("AbC")`, `upper("abc")`, `title("a b")`, `replace("a-b", "-", "/")`, `replace("a1b22", "/[0-9]+/", "x")`,
	`regex("[a-z]+", "12ab")`, `regex("(?P<n>[a-z]+)", "12ab")`, `regex("z", "a")`, `regexall("[a-z]", "1a2b")`, `substr("hello", 1, 3)`, `substr("hello", -3, -1)`, `substr("a", 5, 1)`, `strrev("abc")`,
	`trim("  a ", " ")`, `trimspace(" a\n")`, `trimprefix("abc", "a")`, `trimsuffix("abc", "c")`, `chomp("a\n")`, `indent(2, "a\nb")`, `startswith("ab", "a")`, `endswith("ab", "b")`, `strcontains("abc", "b")`,
	`jsondecode("{\"a\":[1,null]}")`, `jsondecode("x")`, `jsonencode({ a = [1] })`, `csvdecode("a,b\n1,2\n")`, `base64decode("YQ==")`, `base64encode("a")`, `base64decode("!")`,
	`yamldecode("a: ../b\nl: [1, \"x\", true, null]\n")`, `yamldecode("x: &a {k: v}\ny:\n  <<: *a\n  z: on\n")`, `yamldecode(": :")`, `yamldecode("0x10")`,
	`provider::terraform::decode_tfvars("pick = \"prod\"\nn = [1, 2]\n")`, `provider::terraform::decode_tfvars("b {}")`, `provider::terraform::decode_tfvars("a = var.b")`,
	`dirname("a/b/c.txt")`, `basename("a/b/c.txt")`, `dirname("a")`, `abs(-1)`, `ceil(1.2)`, `floor(1.8)`, `max(1, 3, 2)`, `min(1, 3)`, `parseint("ff", 16)`, `pow(2, 3)`, `signum(-3)`, `log(8, 2)`,
	`try("a".b, "fallback")`, `try(yamldecode("a: b").a, "fallback")`, `try(md5("a"), "fallback")`, `can(lookup({}, "a"))`, `can(cidrhost("10.0.0.0/8", 1))`,
	`formatdate("YYYY", "2026-11-29T00:00:00Z")`, `timeadd("2026-11-29T00:00:00Z", "1h")`, `nonsensitive(sensitive("a") == "a")`, `nonsensitive(sensitive("a"))`,
	`alltrue([])`, `alltrue([true, "true"])`, `alltrue([true, false])`, `alltrue([true, null])`, `anytrue([])`, `anytrue([false, true])`, `anytrue([null])`, `alltrue(["x"])`,
	`matchkeys(["a", "b"], ["k", "l"], ["l"])`, `matchkeys(["a", "b"], [1, 2], ["2"])`, `matchkeys(["a"], ["k"], [])`, `matchkeys(["a"], ["k"], ["x"])`, `matchkeys(["a"], [], ["x"])`,
	`transpose({ a = ["x", "y"], b = ["y"] })`, `transpose({})`, `transpose({ a = [null] })`, `transpose({ a = null })`,
	`md5("a")`, `sha1("a")`, `sha256("a")`, `sha512("a")`, `base64sha256("a")`, `base64sha512("")`, `urlencode("a b/c?ä~")`, `yamlencode({ a = ["x", 1, null], b = { c = "../x" } })`,
	`core::coalesce("", "b")`, `{ for k, v in { a = "x" } : v => k }`, `[for s in ["b", "a"] : upper(s) if s != "b"]`, `[{ a = 1 }, { a = 2 }][*].a`, `"${true ? "a" : "b"}-${1 + 1}"`,
}

// Terraform's result and ours are the same, unless ours is unknown: an unknown value makes
// the inputs wider, a wrong one misses some.
func TestFunctionsAgreeWithTerraform(t *testing.T) {
	t.Parallel()
	testtier.Needs(t, testtier.Terraform)
	dir := t.TempDir()
	const config = "terraform {\n  required_providers {\n    terraform = { source = \"terraform.io/builtin/terraform\" }\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, x := range expressions {
		all = append(all, asJSON(x))
	}
	runTerraform(t, dir, "", "init", "-input=false")
	// The console prints the last result only, as a literal.
	result := strings.TrimSpace(runTerraform(t, dir, "jsonencode(["+strings.Join(all, ", ")+"])\n", "console"))
	printed, err := strconv.Unquote(result)
	if err != nil {
		t.Fatalf("%v: %s", err, result)
	}
	var want []string
	if err := json.Unmarshal([]byte(printed), &want); err != nil {
		t.Fatal(err)
	}
	unknown := 0
	for i, x := range expressions {
		ours, known := evaluateText(t, asJSON(x))
		switch {
		case !known:
			unknown++
		case ours != want[i]:
			t.Errorf("%s is %s here and %s in Terraform", x, ours, want[i])
		}
	}
	if unknown > 3 {
		t.Errorf("%d results are unknown here; at most 3 should be", unknown)
	}
}

func asJSON(x string) string { return `try(jsonencode(` + x + `), "error")` }

func runTerraform(t *testing.T, dir, input string, args ...string) string {
	t.Helper()
	cmd := exec.Command("terraform", args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("terraform %v: %v\n%s", args, err, &stderr)
	}
	return string(out)
}

// evaluateText evaluates x as the workspaces' code does.
func evaluateText(t *testing.T, x string) (text string, known bool) {
	t.Helper()
	expr, diags := hclsyntax.ParseExpression([]byte(x), "test.tf", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatalf("%s: %s", x, diags)
	}
	ctx := PureFunctions.NewChild()
	ctx.Variables = map[string]cty.Value{}
	v, ok := new(Meter).EvaluatePartially(expr, ctx)
	if !ok {
		t.Fatalf("%s exceeds a limit", x)
	}
	return AsString(v)
}

// A few aliases that refer to each other stand for more values than there is memory.
func TestYAMLAliases(t *testing.T) {
	t.Parallel()
	bomb := `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n`
	for i := 1; i < 12; i++ {
		alias := "*a" + strconv.Itoa(i-1)
		bomb += `a` + strconv.Itoa(i) + `: &a` + strconv.Itoa(i) + ` [` + strings.Repeat(alias+", ", 9) + alias + `]\n`
	}
	if text, known := evaluateText(t, `try(yamldecode("`+bomb+`").a0[0], "fallback")`); known {
		t.Errorf("the value is %q; want it unknown", text)
	}
	if text, _ := evaluateText(t, `yamldecode("a: &a ../x\nb: *a\n").b`); text != "../x" {
		t.Errorf("the alias is %q; want ../x", text)
	}
}
