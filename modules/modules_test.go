// Package modules_test holds every Terraform module here to the rules of
// README.md, and runs its tests on the real AWS provider with mocked answers.
package modules_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

var update = flag.Bool("update", false, "write the tables of inputs and outputs in the modules' READMEs")

func TestModules(t *testing.T) {
	tf := newTerraform(t)
	names := modules(t)
	if len(names) == 0 {
		t.Fatal("there is no module")
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := read(t, name)
			t.Run("shape", m.shape)
			t.Run("tags", m.tags)
			t.Run("refusals", m.refusals)
			t.Run("readme", m.readme)
			t.Run("test", func(t *testing.T) {
				tf.run(t, filepath.Join("modules", name), "get")
				tf.run(t, filepath.Join("modules", name), "test")
			})
		})
	}
}

// TestExamples validates the modules and the example in each README, which
// are put into one workspace: Terraform is slow to start, not to validate.
func TestExamples(t *testing.T) {
	tf := newTerraform(t)
	var root strings.Builder
	for _, name := range modules(t) {
		match := regexp.MustCompile("(?s)```hcl\n(.*?)```").FindStringSubmatch(read(t, name).readmeMd)
		if match == nil || !strings.Contains(match[1], `"../../modules/`+name+`"`) {
			t.Fatalf("%s/README.md has no example of its use from a workspace", name)
		}
		tf.write(t, filepath.Join("env", name, "main.tf"), match[1])
		fmt.Fprintf(&root, "module %q {\n  source = \"./%s\"\n}\n\n", name, name)
	}
	tf.write(t, "env/main.tf", strings.TrimSuffix(root.String(), "\n"))
	tf.run(t, ".", "fmt", "-check", "-diff", "-recursive")
	tf.run(t, "env", "get")
	tf.run(t, "env", "validate")
}

// modules lists the folders that hold Terraform.
func modules(t *testing.T) []string {
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

// module is what its files say.
type module struct {
	name     string
	blocks   map[string][]block // by type
	refused  map[string]int     // how many runs of its tests expect this address to fail
	readmeMd string
}

// block is a top-level block and the text that it was read from.
type block struct {
	*hclsyntax.Block
	src []byte
}

func (b block) text(r hcl.Range) string { return string(r.SliceBytes(b.src)) }

// label is the block's own name.
func (b block) label() string { return strings.Join(b.Labels, ".") }

// attr returns the text of an attribute, or "".
func (b block) attr(name string) string {
	if a := b.Body.Attributes[name]; a != nil {
		return b.text(a.Expr.Range())
	}
	return ""
}

func read(t *testing.T, name string) *module {
	t.Helper()
	m := &module{name: name, blocks: map[string][]block{}, refused: map[string]int{}}
	for _, path := range glob(t, filepath.Join(name, "*.tf")) {
		for _, b := range parse(t, path) {
			m.blocks[b.Type] = append(m.blocks[b.Type], b)
		}
	}
	for _, path := range glob(t, filepath.Join(name, "tests", "*.tftest.hcl")) {
		for _, b := range parse(t, path) {
			a := b.Body.Attributes["expect_failures"]
			if a == nil {
				continue
			}
			for _, variable := range a.Expr.Variables() {
				m.refused[b.text(variable.SourceRange())]++
			}
		}
	}
	readme, err := os.ReadFile(filepath.Join(name, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	m.readmeMd = string(readme)
	return m
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func parse(t *testing.T, path string) []block {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, diags := hclsyntax.ParseConfig(src, path, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	var blocks []block
	for _, b := range file.Body.(*hclsyntax.Body).Blocks {
		blocks = append(blocks, block{b, src})
	}
	return blocks
}

// shape looks for the files that every module has, and for inputs and outputs
// that are typed and described.
func (m *module) shape(t *testing.T) {
	for _, file := range []string{"main.tf", "variables.tf", "outputs.tf", "versions.tf"} {
		if _, err := os.Stat(filepath.Join(m.name, file)); err != nil {
			t.Error(err)
		}
	}
	if versions := m.blocks["terraform"]; len(versions) != 1 || string(versions[0].src) != string(read(t, "s3").blocks["terraform"][0].src) {
		t.Error("versions.tf is not that of the module s3")
	}
	if len(glob(t, filepath.Join(m.name, "tests", "*.tftest.hcl"))) == 0 {
		t.Error("it has no tests")
	}
	for _, v := range m.blocks["variable"] {
		if v.attr("description") == "" {
			t.Errorf("variable %s: no description", v.label())
		}
		if typ := v.attr("type"); typ == "" || regexp.MustCompile(`\bany\b`).MatchString(typ) {
			t.Errorf("variable %s: its type is missing, or any", v.label())
		}
	}
	for _, o := range m.blocks["output"] {
		if o.attr("description") == "" {
			t.Errorf("output %s: no description", o.label())
		}
	}
	if len(m.blocks["provider"]) > 0 {
		t.Error("a provider is configured: that is for workspaces")
	}
}

// tags holds the variables that modules share to one wording, so that tests in
// one of them speak for all.
func (m *module) tags(t *testing.T) {
	for _, shared := range []string{"region", "tags"} {
		find := func(m *module) string {
			for _, v := range m.blocks["variable"] {
				if v.label() == shared {
					return v.text(v.Range()) + v.text(hcl.RangeBetween(v.OpenBraceRange, v.CloseBraceRange))
				}
			}
			return ""
		}
		if have := find(m); have != "" && have != find(read(t, "s3")) {
			t.Errorf("variable %s is not word for word that of the module s3", shared)
		}
	}
}

// refusals asks for a test of each validation and precondition.
func (m *module) refusals(t *testing.T) {
	count := func(address string, body *hclsyntax.Body, kind string) {
		n := 0
		for _, b := range body.Blocks {
			if b.Type == kind {
				n++
			}
		}
		if m.refused[address] < n {
			t.Errorf("%s: %d of %s, but %d tests expect it to fail", address, n, kind, m.refused[address])
		}
	}
	for _, v := range m.blocks["variable"] {
		if v.label() != "tags" || m.name == "s3" {
			count("var."+v.label(), v.Body, "validation")
		}
	}
	for _, kind := range []string{"resource", "data", "output"} {
		for _, b := range m.blocks[kind] {
			address := b.label()
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

// terraform runs in a copy of the modules, which keeps the tree clean.
type terraform struct {
	binary, dir string
	env         []string
	slots       chan struct{}
}

func newTerraform(t *testing.T) *terraform {
	t.Helper()
	cache := os.Getenv("RECONCILE_TEST_CACHE")
	if cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		cache = filepath.Join(dir, "reconcile-test")
	}
	config := filepath.Join(cache, "aws-provider", "dev.tfrc")
	if _, err := os.Stat(config); err != nil {
		t.Fatalf("the AWS provider is needed: run `make tools` (%v)", err)
	}
	binary := filepath.Join(cache, "bin", "terraform")
	if _, err := os.Stat(binary); err != nil {
		t.Fatalf("terraform is needed: run `make tools` (%v)", err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "modules"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	return &terraform{
		binary: binary,
		dir:    dir,
		env: append(os.Environ(), "TF_CLI_CONFIG_FILE="+config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1",
			"AWS_EC2_METADATA_DISABLED=true", "TF_CLI_ARGS=-no-color", "TF_DATA_DIR=",
			"GOGC=400"), // a fifth less work: the schema is read again for each run of a test
		slots: make(chan struct{}, 2),
	}
}

func (tf *terraform) write(t *testing.T, path, content string) {
	t.Helper()
	path = filepath.Join(tf.dir, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (tf *terraform) run(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	tf.slots <- struct{}{}
	defer func() { <-tf.slots }()
	cmd := exec.CommandContext(t.Context(), tf.binary, args...)
	cmd.Dir, cmd.Env = filepath.Join(tf.dir, dir), tf.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("terraform %s: %v\n%s%s", strings.Join(args, " "), err, out, &stderr)
	}
	return out
}

const (
	tablesFrom = "<!-- Written by `go test ./modules -update` from here on. -->\n"
	tablesTo   = "<!-- To here. -->\n"
)

// TestEverywhere asks the provider which resources take tags and a Region, and
// each such resource of a module to have what the module was given of them.
func TestEverywhere(t *testing.T) {
	tf := newTerraform(t)
	tf.write(t, "env/main.tf", "terraform {\n  required_providers {\n    aws = { source = \"hashicorp/aws\" }\n  }\n}\n")
	var schema struct {
		Providers map[string]struct {
			Resources map[string]struct {
				Block struct{ Attributes map[string]any }
			} `json:"resource_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(tf.run(t, "env", "providers", "schema", "-json"), &schema); err != nil {
		t.Fatal(err)
	}
	resources := schema.Providers["registry.terraform.io/hashicorp/aws"].Resources
	if resources["aws_vpc"].Block.Attributes["tags"] == nil {
		t.Fatal("the provider's schema cannot be read: a VPC has tags")
	}
	for _, name := range modules(t) {
		m := read(t, name)
		for _, v := range m.blocks["variable"] {
			given := v.label()
			if given != "tags" && given != "region" {
				continue
			}
			for _, r := range m.blocks["resource"] {
				if resources[r.Labels[0]].Block.Attributes[given] != nil && r.attr(given) == "" {
					t.Errorf("%s: %s has no %s", name, r.label(), given)
				}
			}
		}
	}
}

// TestIndex compares the list of modules with their READMEs' first sentences.
func TestIndex(t *testing.T) {
	rows := new(strings.Builder)
	fmt.Fprint(rows, "\n| module | is |\n|---|---|\n")
	sentence := regexp.MustCompile(`(?s)^# \S+\n\n(.*?[^.])(?:[.:;] |\.\n)`)
	for _, name := range modules(t) {
		match := sentence.FindStringSubmatch(read(t, name).readmeMd)
		if match == nil {
			t.Fatalf("%s/README.md does not begin by saying what the module is", name)
		}
		text := strings.ReplaceAll(match[1], "](../", "](")
		fmt.Fprintf(rows, "| [%s](%s) | %s |\n", name, name, text)
	}
	checkTables(t, "README.md", rows.String()+"\n")
}

// readme compares the tables in the README with the module.
func (m *module) readme(t *testing.T) {
	checkTables(t, filepath.Join(m.name, "README.md"), m.tables())
}

// checkTables compares what stands between the two lines, or writes it.
func checkTables(t *testing.T, path, tables string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	have := string(content)
	from, to := strings.Index(have, tablesFrom), strings.Index(have, tablesTo)
	if from < 0 || to < from {
		t.Fatalf("%s has no lines %q and %q", path, tablesFrom, tablesTo)
	}
	want := have[:from+len(tablesFrom)] + tables + have[to:]
	switch {
	case want == have:
	case *update:
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the tables in %s are of before: run go test ./modules -update", path)
	}
}

func (m *module) tables() string {
	var out bytes.Buffer
	fmt.Fprint(&out, "\n| input | meaning | type | default |\n|---|---|---|---|\n")
	for _, v := range m.blocks["variable"] {
		value := "required"
		if a := v.attr("default"); a != "" {
			value = code(a)
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", code(v.label()), sentence(v), code(v.attr("type")), value)
	}
	fmt.Fprint(&out, "\n| output | meaning |\n|---|---|\n")
	for _, o := range m.blocks["output"] {
		fmt.Fprintf(&out, "| %s | %s |\n", code(o.label()), sentence(o))
	}
	return out.String() + "\n"
}

// sentence is a description, as a cell of a table.
func sentence(b block) string {
	text := strings.Trim(b.attr("description"), `"`)
	return strings.NewReplacer("|", `\|`, `\"`, `"`).Replace(text)
}

// code puts an expression on one line.
func code(expr string) string {
	expr = regexp.MustCompile(`\s*#.*`).ReplaceAllString(expr, "")
	expr = regexp.MustCompile(`([({\[])\s*\n\s*`).ReplaceAllString(expr, "$1 ")
	expr = regexp.MustCompile(`,?\s*\n\s*([)}\]])`).ReplaceAllString(expr, " $1")
	expr = regexp.MustCompile(`,?\s*\n\s*`).ReplaceAllString(expr, ", ")
	expr = regexp.MustCompile(`[ \t]+`).ReplaceAllString(expr, " ")
	return "`" + strings.ReplaceAll(expr, "|", `\|`) + "`"
}
