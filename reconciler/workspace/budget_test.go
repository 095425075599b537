package workspace

import (
	"strconv"
	"strings"
	"testing"
)

// Nothing that configuration says takes all memory, or for ever: what is too
// large is unknown, so that a file named by it widens to the repository.
func TestBudget(t *testing.T) {
	t.Parallel()
	tenfold := strings.Repeat("${local.a}", 64)
	for name, text := range map[string]string{
		"a text that doubles":        doubling(30) + "p = substr(local.a30, 0, 3)",
		"a text of many parts":       doubling(13) + "p = \"" + strings.Repeat("${local.a13}", 5000) + "\"",
		"a wide format":              `p = format("%2000000000s", "x")`,
		"a format of many arguments": doubling(13) + "p = format(\"" + strings.Repeat("%[1]s", 5000) + "\", local.a13)",
		"a width that is given":      `p = format("%*s", 2000000000, "x")`,
		"replace":                    doubling(13) + `p = replace(local.a13, "a", local.a13)`,
		"replace by an expression":   doubling(13) + `p = replace(local.a13, "/a/", local.a13)`,
		"join":                       doubling(13) + `p = join(local.a13, split("", local.a13))`,
		"indent":                     `p = indent(2000000000, "a\nb")`,
		"a template's loops":         doubling(13) + "p = \"%{for i in range(1000)}%{for j in range(1000)}${local.a13}%{endfor}%{endfor}\"",
		"loops in loops":             `p = join("", flatten([for a in range(1000) : [for b in range(1000) : [for c in range(1000) : [for d in range(1000) : "x"]]]]))`,
		"loops over split texts":     doubling(12) + `p = join("", flatten([for a in split("", local.a12) : [for b in split("", local.a12) : a]]))`,
		"tuples in tuples":           "t0 = [\"a\"]\n" + repeated(60, "t", "[%, %]") + "p = trimprefix(jsonencode(local.t60), \"x\")",
		"lists, joined together":     "t0 = [\"a\"]\n" + repeated(60, "t", "concat(%, %)") + "p = join(\"\", local.t60)",
		"objects in objects":         "t0 = { a = \"a\" }\n" + repeated(60, "t", "{ a = %, b = % }") + "p = trimprefix(jsonencode(local.t60), \"x\")",
		"a product of sets":          "t0 = range(1000)\np = jsonencode(setproduct(local.t0, local.t0, local.t0, local.t0))",
		"a large number":             `p = "${1e600000000}"`,
		"numbers that grow":          "t0 = 1e300\n" + repeated(40, "t", "% * %") + "p = \"${local.t40}\"",
		"many parts":                 "a = \"x\"\np = format(\"%s%2000000000d\", \"" + tenfold + "\", 1)",
	} {
		tree := newTree(map[string]string{
			"env/a/main.tf": "locals {\n" + text + "\n}\noutput \"o\" {\n  value = file(local.p)\n}\n",
			"other/x":       "x",
		})
		dir := Dir{Name: "a", Path: "env/a"}
		w := NewLoader(tree, Terraform).Load(dir, Config{})
		if w.Err != nil || len(w.Inputs) != 2 || w.Inputs[1] != "." {
			t.Errorf("%s: %v, %v", name, w.Inputs, w.Err)
		}
		if got := Refuse(tree, Terraform, Proposal{Dir: dir}, defaultTrust()); len(got) == 0 {
			t.Errorf("%s: not refused", name)
		}
	}
}

// repeated are locals that are each made of the one before.
func repeated(n int, name, of string) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(name + strconv.Itoa(i+1) + " = " + strings.ReplaceAll(of, "%", "local."+name+strconv.Itoa(i)) + "\n")
	}
	return text.String()
}

// What is gone through in a workspace is bounded as a whole, and what is left
// out is still an input.
func TestBudgetOfBindings(t *testing.T) {
	t.Parallel()
	loop := "[for a in local.l : [for b in local.l : [for c in local.l : [for d in local.l : file(\"${a}${b}${c}${d}\")]]]]"
	tree := newTree(map[string]string{
		"env/a/main.tf": "locals {\n  l = [" + strings.Repeat("\"x\", ", 200) + "\"y\"]\n}\noutput \"o\" {\n  value = " + loop + "\n}\n",
		"other/x":       "x",
	})
	w := NewLoader(tree, Terraform).Load(Dir{Name: "a", Path: "env/a"}, Config{})
	if w.Err != nil || len(w.Inputs) != 2 || w.Inputs[1] != "." {
		t.Errorf("%v, %v", w.Inputs, w.Err)
	}
}

// doubling are texts that are each twice the one before.
func doubling(n int) string {
	return "a0 = \"" + strings.Repeat("a", 64) + "\"\n" + repeated(n, "a", "\"${%}${%}\"")
}
