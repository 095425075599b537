// Package modules_test checks every Terraform module against the rules in README.md, and
// runs its tests on the real AWS provider with mocked responses.
package modules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"reconcile/modules/tftest"
)

var update = flag.Bool("update", false, "write the tables of inputs and outputs in the modules' READMEs")

func TestModules(t *testing.T) {
	tf := tftest.New(t, map[string]string{"modules": "."})
	names := listModules(t)
	if len(names) == 0 {
		t.Fatal("no modules found")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := readModule(t, name)
			t.Run("shape", m.checkShape)
			t.Run("tags", m.checkTags)
			t.Run("refusals", m.checkRefusals)
			t.Run("readme", m.checkReadme)
			t.Run("test", func(t *testing.T) {
				tf.Run(t, filepath.Join("modules", name), "get")
				tf.Run(t, filepath.Join("modules", name), "test")
			})
		})
	}
}

// TestExamples validates the modules and the example in each README. They are in one
// workspace, because starting Terraform is slow, and validating is not.
func TestExamples(t *testing.T) {
	tf := tftest.New(t, map[string]string{"modules": "."})
	var root strings.Builder
	for _, name := range listModules(t) {
		match := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindStringSubmatch(readModule(t, name).readmeText)
		if match == nil || !strings.Contains(match[1], `"../../modules/`+name+`"`) {
			t.Fatalf("%s/README.md has no example of its use from a workspace", name)
		}
		tf.Write(t, filepath.Join("env", name, "main.tf"), match[1])
		fmt.Fprintf(&root, "module %q {\n  source = \"./%s\"\n}\n\n", name, name)
	}
	tf.Write(t, "env/main.tf", strings.TrimSuffix(root.String(), "\n"))
	tf.Run(t, ".", "fmt", "-check", "-diff", "-recursive")
	tf.Run(t, "env", "get")
	tf.Run(t, "env", "validate")
}

// listModules lists the folders that contain Terraform.
func listModules(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, filepath.Dir(file))
	}
	return slices.Compact(names)
}

// module is a parsed module.
type module struct {
	name             string
	blocks           map[string][]tftest.Block // by type
	expectedFailures map[string]int            // how many runs of its tests expect this address to fail
	readmeText       string
}

func readModule(t *testing.T, name string) *module {
	t.Helper()
	m := &module{name: name, blocks: tftest.LoadConfiguration(t, name), expectedFailures: map[string]int{}}
	for _, path := range tftest.Glob(t, filepath.Join(name, "tests", "*.tftest.hcl")) {
		for _, b := range tftest.Parse(t, path) {
			a := b.Body.Attributes["expect_failures"]
			if a == nil {
				continue
			}
			for _, variable := range a.Expr.Variables() {
				m.expectedFailures[b.Text(variable.SourceRange())]++
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(name, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	m.readmeText = string(readme)
	return m
}

// checkShape requires the files that every module has, and types and descriptions for
// inputs and outputs.
func (m *module) checkShape(t *testing.T) {
	for _, file := range []string{"main.tf", "variables.tf", "outputs.tf", "versions.tf"} {
		if _, err := os.Stat(filepath.Join(m.name, file)); err != nil {
			t.Error(err)
		}
	}
	if versions := m.blocks["terraform"]; len(versions) != 1 || string(versions[0].Source) != string(readModule(t, "s3").blocks["terraform"][0].Source) {
		t.Error("versions.tf is not that of the module s3")
	}
	if len(tftest.Glob(t, filepath.Join(m.name, "tests", "*.tftest.hcl"))) == 0 {
		t.Error("no tests")
	}
	for _, v := range m.blocks["variable"] {
		if v.Attr("description") == "" {
			t.Errorf("variable %s: no description", v.Label())
		}
		if typ := v.Attr("type"); typ == "" || regexp.MustCompile(`\bany\b`).MatchString(typ) {
			t.Errorf("variable %s: its type is missing, or any", v.Label())
		}
	}
	for _, o := range m.blocks["output"] {
		if o.Attr("description") == "" {
			t.Errorf("output %s: no description", o.Label())
		}
	}
	if len(m.blocks["provider"]) > 0 {
		t.Error("a provider is configured: only workspaces do that")
	}
}

// checkTags requires the same wording for variables that modules share, so that tests in
// one module cover all.
func (m *module) checkTags(t *testing.T) {
	for _, shared := range []string{"region", "tags"} {
		find := func(m *module) string {
			for _, v := range m.blocks["variable"] {
				if v.Label() == shared {
					return v.Text(v.Range()) + v.Text(hcl.RangeBetween(v.OpenBraceRange, v.CloseBraceRange))
				}
			}
			return ""
		}
		if have := find(m); have != "" && have != find(readModule(t, "s3")) {
			t.Errorf("variable %s is not identical to that of the module s3", shared)
		}
	}
}

// checkRefusals requires a test for each validation and precondition.
func (m *module) checkRefusals(t *testing.T) {
	count := func(address string, body *hclsyntax.Body, kind string) {
		n := 0
		for _, b := range body.Blocks {
			if b.Type == kind {
				n++
			}
		}
		if m.expectedFailures[address] < n {
			t.Errorf("%s: %d of %s, but %d tests expect it to fail", address, n, kind, m.expectedFailures[address])
		}
	}
	for _, v := range m.blocks["variable"] {
		if v.Label() != "tags" || m.name == "s3" {
			count("var."+v.Label(), v.Body, "validation")
		}
	}
	for _, kind := range []string{"resource", "data", "output"} {
		for _, b := range m.blocks[kind] {
			address := b.Label()
			if kind != "resource" {
				address = kind + "." + address
			}
			count(address, b.Body, "precondition")
			for _, inner := range b.Body.Blocks {
				if inner.Type == "lifecycle" {
					count(address, inner.Body, "precondition")
				}
			}
		}
	}
}

// TestTagsAndRegions reads from the provider which resources take tags and a Region.
// Each such resource of a module must use the module's tags and Region.
func TestTagsAndRegions(t *testing.T) {
	tf := tftest.New(t, map[string]string{"modules": "."})
	tf.Write(t, "env/main.tf", "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n")
	var schema struct {
		Providers map[string]struct {
			Resources map[string]struct {
				Block struct{ Attributes map[string]any }
			} `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(tf.Run(t, "env", "providers", "schema", "-json"), &schema); err != nil {
		t.Fatal(err)
	}
	resources := schema.Providers["registry.terraform.io/hashicorp/aws"].Resources
	if resources["aws_vpc"].Block.Attributes["tags"] == nil {
		t.Fatal("cannot read the provider's schema: it has no tags for a VPC")
	}
	for _, name := range listModules(t) {
		m := readModule(t, name)
		for _, v := range m.blocks["variable"] {
			given := v.Label()
			if given != "tags" && given != "region" {
				continue
			}
			for _, r := range m.blocks["resource"] {
				if resources[r.Labels[0]].Block.Attributes[given] != nil && !m.usesInput(r.Attr(given), given) {
					t.Errorf("%s: %s does not use the module's %s", name, r.Label(), given)
				}
			}
		}
	}
}

// usesInput reports whether an expression uses the input of that name, directly or
// through a local of the same name.
func (m *module) usesInput(expr, name string) bool {
	if strings.Contains(expr, "var."+name) {
		return true
	}
	return strings.Contains(expr, "local."+name) && slices.ContainsFunc(m.blocks["locals"], func(b tftest.Block) bool {
		return strings.Contains(b.Attr(name), "var."+name)
	})
}

// TestIndex compares the list of modules with the first sentences of their READMEs.
func TestIndex(t *testing.T) {
	rows := new(strings.Builder)
	fmt.Fprint(rows, "\n| module | is |\n|---|---|\n")
	sentence := regexp.MustCompile(`(?s)^# \S+\n\n(.*?[^.])(?:[.:;] |\.\n)`)
	for _, name := range listModules(t) {
		match := sentence.FindStringSubmatch(readModule(t, name).readmeText)
		if match == nil {
			t.Fatalf("%s/README.md does not begin with a sentence about the module", name)
		}
		text := strings.ReplaceAll(match[1], "](../", "](")
		fmt.Fprintf(rows, "| [%s](%s) | %s |\n", name, name, text)
	}
	tftest.CheckTables(t, "README.md", "modules", rows.String()+"\n", *update)
}

// checkReadme compares the tables in the README with the module.
func (m *module) checkReadme(t *testing.T) {
	tftest.CheckTables(t, filepath.Join(m.name, "README.md"), "modules", m.renderTables(), *update)
}

func (m *module) renderTables() string {
	var out bytes.Buffer
	fmt.Fprint(&out, "\n| input | meaning | type | default |\n|---|---|---|---|\n")
	for _, v := range m.blocks["variable"] {
		value := "required"
		if a := v.Attr("default"); a != "" {
			value = toCode(a)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", toCode(v.Label()), descriptionOf(v), toCode(v.Attr("type")), value)
	}
	fmt.Fprint(&out, "\n| output | meaning |\n|---|---|\n")
	for _, o := range m.blocks["output"] {
		fmt.Fprintf(&out, "| %s | %s |\n", toCode(o.Label()), descriptionOf(o))
	}
	return out.String() + "\n"
}

// descriptionOf returns a description as a table cell.
func descriptionOf(b tftest.Block) string {
	text := strings.Trim(b.Attr("description"), `"`)
	return strings.NewReplacer("|", `\|`, `\"`, `"`).Replace(text)
}

// toCode returns an expression on one line.
func toCode(expr string) string {
	expr = regexp.MustCompile(`\s*#.*`).ReplaceAllString(expr, "")
	expr = regexp.MustCompile(`([({\[])\s*\n\s*`).ReplaceAllString(expr, "$1 ")
	expr = regexp.MustCompile(`,?\s*\n\s*([)}\]])`).ReplaceAllString(expr, " $1")
	expr = regexp.MustCompile(`,?\s*\n\s*`).ReplaceAllString(expr, ", ")
	expr = regexp.MustCompile(`[ \t]+`).ReplaceAllString(expr, " ")
	return "`" + strings.ReplaceAll(expr, "|", `\|`) + "`"
}
