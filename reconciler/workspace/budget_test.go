package workspace_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/reconciler/workspace"
	"reconcile/reconciler/workspace/internal/hcleval"
	"reconcile/reconciler/workspace/internal/treetest"
	"reconcile/reconciler/workspace/policy"
	"reconcile/reconciler/workspace/repotree"
	"reconcile/reconciler/workspace/settings"
)

// TestBudget checks that no configuration exhausts memory or time. A value that is too
// large is unknown, so that the whole repository becomes an input.
func TestBudget(t *testing.T) {
	t.Parallel()
	thousand := "[" + strings.Repeat("1, ", 999) + "1]"
	tenfold := strings.Repeat("${local.a}", 64)
	for name, text := range map[string]string{
		"a text that doubles":            doublingTexts(30) + "p = substr(local.a30, 0, 3)",
		"a text of many parts":           doublingTexts(13) + "p = \"" + strings.Repeat("${local.a13}", 5000) + "\"",
		"a wide format":                  `p = format("%2000000000s", "x")`,
		"a format of many arguments":     doublingTexts(13) + "p = format(\"" + strings.Repeat("%[1]s", 5000) + "\", local.a13)",
		"a width that is given":          `p = format("%*s", 2000000000, "x")`,
		"replace":                        doublingTexts(13) + `p = replace(local.a13, "a", local.a13)`,
		"replace by an expression":       doublingTexts(13) + `p = replace(local.a13, "/a/", local.a13)`,
		"join":                           doublingTexts(13) + `p = join(local.a13, split("", local.a13))`,
		"indent":                         `p = indent(2000000000, "a\nb")`,
		"a template's loops":             doublingTexts(13) + "p = \"%{for i in range(1000)}%{for j in range(1000)}${local.a13}%{endfor}%{endfor}\"",
		"loops in loops":                 `p = join("", flatten([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : [for d in range(1000) : "x"]]]]))`,
		"loops over split texts":         doublingTexts(12) + `p = join("", flatten([for a in split("", local.a12) : [for b in split("", local.a12) : a]]))`,
		"tuples in tuples":               "t0 = [\"a\"]\n" + chainedLocals(60, "t", "[%, %]") + "p = trimprefix(jsonencode(local.t60), \"x\")",
		"lists, joined together":         "t0 = [\"a\"]\n" + chainedLocals(60, "t", "concat(%, %)") + "p = join(\"\", local.t60)",
		"objects in objects":             "t0 = { a = \"a\" }\n" + chainedLocals(60, "t", "{ a = %, b = % }") + "p = trimprefix(jsonencode(local.t60), \"x\")",
		"a product of sets":              "t0 = range(1000)\np = jsonencode(setproduct(local.t0, local.t0, local.t0, local.t0))",
		"a large number":                 `p = "${1e600000000}"`,
		"numbers that grow":              "t0 = 1e300\n" + chainedLocals(40, "t", "% * %") + "p = \"${local.t40}\"",
		"loops in loops, one expression": "p = join(\"\", flatten([for a in " + thousand + " : [for b in " + thousand + " : [for c in " + thousand + " : [for d in " + thousand + " : \"x\"]]]]))",
		"a loop's name, many times":      doublingTexts(13) + "p = join(\"\", [for x in [local.a13] : \"" + strings.Repeat("${x}", 5000) + "\"])",
		"loops that double":              "p = jsonencode(" + nestedLoops(60, "v%") + ")",
		"loops that double and compare":  "p = \"${" + nestedLoops(60, "v% == v%") + "[0]}\"",
		"nothing is kept":                "p = join(\"\", [for a in " + thousand + " : \"x\" if length([for b in " + thousand + " : 1 if length([for c in " + thousand + " : 1 if false]) > 0]) > 0])",
		"errors that are caught":         "p = join(\"\", [for a in " + thousand + " : try([for b in " + thousand + " : [for c in " + thousand + " : b.x]], \"x\")])",
		"encoded again and again":        "p = " + strings.Repeat("jsonencode(", 60) + "\"x\"" + strings.Repeat(")", 60),
		"base64 again and again":         "p = " + strings.Repeat("base64encode(", 200) + "\"x\"" + strings.Repeat(")", 200),
		"replaced again and again":       "p = " + strings.Repeat("replace(", 40) + "\"a\"" + strings.Repeat(", \"a\", \"aaaaaaaa\")", 40),
		"a text that is a number":        "p = \"${\"1e600000000\" * 1}\"",
		"a negated text":                 "p = \"${-\"1e600000000\"}\"",
		"a variable that is a number":    "p = \"${var.n}\"",
		"a pattern over a large text":    doublingTexts(13) + "p = join(\"\", regexall(\"(a?){500}b\", local.a13))",
		"groups of a pattern":            doublingTexts(13) + "p = jsonencode(regexall(\"" + strings.Repeat("(a?)", 500) + "\", local.a13))",
		"each compared with all":         doublingTexts(9) + "p = join(\"\", distinct([for i, c in split(\"\", local.a9) : \"${i}${c}\"]))",
		"large ones compared":            doublingTexts(8) + "t = split(\"\", local.a8)\np = join(\"\", [for a in local.t : \"x\" if local.t == local.t])",
		"zipped and merged":              "t0 = { a = \"a\" }\n" + chainedLocals(60, "t", "{ for k, v in % : k => merge(%, { b = %, c = % }) }") + "p = jsonencode(local.t60)",
		"many parts":                     "a = \"x\"\np = format(\"%s%2000000000d\", \"" + tenfold + "\", 1)",
	} {
		tree := treetest.New(map[string]string{
			"env/a/main.tf": "variable \"n\" {\n  type    = number\n  default = \"1e600000000\"\n}\nlocals {\n" + text + "\n}\noutput \"o\" {\n  value = file(local.p)\n}\n",
			"other/x":       "x",
		})
		dir := settings.Dir{Name: "a", Path: "env/a"}
		w := workspace.NewLoader(tree, repotree.Terraform).Load(dir, settings.Config{})
		if w.Err != nil || len(w.Inputs) != 2 || w.Inputs[1] != "." || len(w.Warnings) == 0 || !strings.HasPrefix(w.Warnings[0], "env/a/main.tf:") {
			t.Errorf("%s: %v, %q, %v", name, w.Inputs, w.Warnings, w.Err)
		}
		if got := policy.Check(tree, repotree.Terraform, policy.Proposal{Dir: dir}, (&settings.Settings{}).PreviewPolicy(repotree.Terraform)); len(got) == 0 {
			t.Errorf("%s: not refused", name)
		}
	}
}

// chainedLocals returns locals that each use the one before.
func chainedLocals(n int, name, template string) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(name + strconv.Itoa(i+1) + " = " + strings.ReplaceAll(template, "%", "local."+name+strconv.Itoa(i)) + "\n")
	}
	return text.String()
}

// TestBudgetOfBindings checks that all iterations of a workspace have a common limit, and
// that the omitted elements are still inputs.
func TestBudgetOfBindings(t *testing.T) {
	t.Parallel()
	loop := "[for a in local.l : [for b in local.l : [for c in local.l : [for d in local.l : file(\"${a}${b}${c}${d}\")]]]]"
	tree := treetest.New(map[string]string{
		"env/a/main.tf": "locals {\n  l = [" + strings.Repeat("\"x\", ", 200) + "\"y\"]\n}\noutput \"o\" {\n  value = " + loop + "\n}\n",
		"other/x":       "x",
	})
	w := workspace.NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	if w.Err != nil || len(w.Inputs) != 2 || w.Inputs[1] != "." {
		t.Errorf("%v, %v", w.Inputs, w.Err)
	}
}

// doublingTexts returns texts that are each twice as long as the one before.
func doublingTexts(n int) string {
	return "a0 = \"" + strings.Repeat("a", 64) + "\"\n" + chainedLocals(n, "a", "\"${%}${%}\"")
}

// nestedLoops returns nested loops, each with twice the elements of the one around it.
func nestedLoops(n int, inner string) string {
	text := strings.ReplaceAll(inner, "%", strconv.Itoa(n))
	for ; n > 0; n-- {
		outer := "v" + strconv.Itoa(n-1)
		text = "[for v" + strconv.Itoa(n) + " in [[" + outer + ", " + outer + "]] : " + text + "]"
	}
	return "[for v0 in [[1]] : " + text + "]"
}

// TestWithinBudget checks that usual configuration stays within the limits.
func TestWithinBudget(t *testing.T) {
	t.Parallel()
	files := map[string]string{"env/a/main.tf": `locals {
  lists = { for f in fileset(path.module, "data/*.json") : f => jsondecode(file("${path.module}/${f}")) }
  pairs = flatten([for f, list in local.lists : [for item in list : [for part in split("/", item.name) : { f = f, name = item.name, part = part }]]])
  known = zipmap(local.pairs[*].name, local.pairs[*].name)
  names = distinct([for p in local.pairs : lookup(local.known, p.name, "")])
}
output "o" {
  value = [for n in local.names : file("../../files/${n}")]
}
`}
	for i := range 20 {
		var list []string
		for k := range 10 {
			list = append(list, `{"name": "x/`+strconv.Itoa(i*10+k)+`"}`)
		}
		files["env/a/data/"+strconv.Itoa(i)+".json"] = "[" + strings.Join(list, ", ") + "]"
	}
	w := workspace.NewLoader(treetest.New(files), repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	if w.Err != nil || len(w.Inputs) != 201 || len(w.Warnings) > 0 {
		t.Errorf("%d inputs, %q, %v", len(w.Inputs), w.Warnings, w.Err)
	}
}

// TestBudgetOfFiles checks the limits for variable files and configuration.
func TestBudgetOfFiles(t *testing.T) {
	t.Parallel()
	bomb := "[for a in [1, 2] : " + nestedLoops(60, "v% == v%") + "]"
	tree := treetest.New(map[string]string{
		"env/a/main.tf":          "variable \"p\" {}\noutput \"o\" {\n  value = file(var.p[0])\n}\n",
		"env/a/terraform.tfvars": "p = " + bomb + "\n",
		"env/b/main.tf":          strings.Repeat("#", hcleval.MaxConfigSize+1),
		"other/x":                "x",
	})
	w := workspace.NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "a", Path: "env/a"}, settings.Config{})
	if w.Err != nil || len(w.Inputs) != 2 || w.Inputs[1] != "." {
		t.Errorf("%v, %v", w.Inputs, w.Err)
	}
	w = workspace.NewLoader(tree, repotree.Terraform).Load(settings.Dir{Name: "b", Path: "env/b"}, settings.Config{})
	if w.Err == nil || !strings.Contains(w.Err.Error(), "the limit is") {
		t.Errorf("a large file: %v", w.Err)
	}
}

// TestBudgetOfTokens checks that syntax trees do not fill the memory: those of one file, of a
// directory, of a workspace with its modules, of a variable file and of a template.
func TestBudgetOfTokens(t *testing.T) {
	t.Parallel()
	// Words of a comment are parsed fast, and count.
	words := func(n int) string { return "locals {\n}\n# " + strings.Repeat("x ", n) + "\n" }
	const most = hcleval.MaxTokens * 2 / 3
	tree := treetest.New(map[string]string{
		"env/file/main.tf":             words(hcleval.MaxTokens),
		"env/dir/a.tf":                 words(most),
		"env/dir/b.tf":                 words(most),
		"env/dir/c.tf":                 words(0),
		"env/modules/main.tf":          "module \"a\" {\n  source = \"../../m/a\"\n}\nmodule \"b\" {\n  source = \"../../m/b\"\n}\nmodule \"c\" {\n  source = \"../../m/c\"\n}\n",
		"env/near/main.tf":             "module \"a\" {\n  source = \"../../m/a\"\n}\noutput \"o\" {\n  value = file(module.a.path)\n}\n",
		"files/x":                      "x",
		"m/a/main.tf":                  words(most) + "output \"path\" {\n  value = \"../../files/x\"\n}\n",
		"m/b/main.tf":                  words(most),
		"m/c/main.tf":                  words(0),
		"env/vars/main.tf":             "variable \"p\" {}\noutput \"o\" {\n  value = file(var.p)\n}\n",
		"env/vars/terraform.tfvars":    "p = [" + strings.Repeat(`"x",`, hcleval.MaxTokens/4) + "]\n",
		"env/json/main.tf.json":        `{"locals": {"a": [` + strings.Repeat("1,", hcleval.MaxTokens) + `1]}}`,
		"env/template/main.tf":         "output \"o\" {\n  value = templatefile(\"${path.module}/t\", {})\n}\n",
		"env/template/t":               "${file([" + strings.Repeat(`"x",`, hcleval.MaxTokens/4) + "])}",
		"env/comments/main.tf":         strings.Repeat("# one-word-and-so-on\n", 1000) + "output \"o\" {\n  value = 1\n}\n",
		"env/brackets/main.tf":         "locals {\n  a = " + strings.Repeat("(", 6000) + "1" + strings.Repeat(")", 6000) + "\n}\n",
		"env/brackets-json/a.tf.json":  `{"locals": {"a": ` + strings.Repeat("[", 6000) + strings.Repeat("]", 6000) + `}}`,
		"env/brackets-some/main.tf":    "locals {\n  a = " + strings.Repeat("(", 4000) + "1" + strings.Repeat(")", 4000) + "\n}\n",
		"env/brackets-beside/main.tf":  "locals {\n  a = [" + strings.Repeat("[(1)],", 20000) + "]\n}\n",
		"env/brackets-beside2/main.tf": "locals {\n  a = [" + strings.Repeat("{ a = [1] },", 20000) + "]\n}\n",
	})
	l := workspace.NewLoader(tree, repotree.Terraform)
	for name, want := range map[string]string{
		"file":             "env/file/main.tf: the file has more than 1048576 words and signs, which is the limit: move large data out of it",
		"dir":              "env/dir/c.tf: the workspace and its modules have more than 1048576 words and signs of configuration, which is the limit: split the workspace",
		"modules":          `module "c": the workspace and its modules have more than 1048576 words`,
		"near":             "",
		"vars":             "env/vars/terraform.tfvars: the file has more than 1048576 words",
		"json":             "env/json/main.tf.json: the file has more than 1048576 words",
		"template":         "env/template/t: the file has more than 1048576 words",
		"comments":         "",
		"brackets":         "env/brackets/main.tf: expressions are nested too deeply",
		"brackets-json":    "env/brackets-json/a.tf.json: expressions are nested too deeply",
		"brackets-some":    "",
		"brackets-beside":  "",
		"brackets-beside2": "",
	} {
		w := l.Load(settings.Dir{Name: name, Path: "env/" + name}, settings.Config{})
		if want == "" && w.Err != nil || want != "" && (w.Err == nil || !strings.Contains(w.Err.Error(), want)) {
			t.Errorf("%s: %.300v, not %q", name, w.Err, want)
		}
		if name == "near" && !slices.Contains(w.Inputs, "files/x") {
			t.Errorf("%s: %q", name, w.Inputs)
		}
	}
}

// TestSearchForRootsEnds checks that a search for root modules has a limit over all directories,
// says so, and keeps what it has found.
func TestSearchForRootsEnds(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	large := "# " + strings.Repeat("x ", hcleval.MaxTokens-10) + "\n" // words of a comment are parsed fast
	for i := range 18 {
		files[fmt.Sprintf("env/%02d/main.tf", i)] = large
	}
	roots, _, err := workspace.NewLoader(treetest.New(files), repotree.Terraform).FindRoots()
	if err == nil || !strings.Contains(err.Error(), "ended at env/17: the directories before it have more than 16777216 words") || len(roots) != 17 {
		t.Errorf("%d roots: %v", len(roots), err)
	}
	if roots, _, err := workspace.NewLoader(treetest.New(map[string]string{"env/a/main.tf": large}), repotree.Terraform).FindRoots(); err != nil || len(roots) != 1 {
		t.Errorf("one: %v, %v", roots, err)
	}
}
