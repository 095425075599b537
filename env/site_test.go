package env_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty/convert"
	"github.com/zclconf/go-cty/cty/gocty"

	"reconcile/modules/tftest"
)

// site is what tests read of env/site.auto.tfvars.
type site struct {
	Account    string            `cty:"account_id"`
	Prefix     string            `cty:"prefix"`
	Domain     string            `cty:"domain"`
	ZoneID     string            `cty:"zone_id"`
	Regions    map[string]string `cty:"regions"`
	Images     map[string]string `cty:"images"`
	Interfaces map[string]string `cty:"hosted_interfaces"`
}

// readSite reads a file of the company's own values.
func readSite(t testing.TB, path string) (s site) {
	t.Helper()
	text := tftest.LoadValues(t, path)["site"]
	expr, diags := hclsyntax.ParseExpression([]byte(text), path, hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	value, diags := expr.Value(nil)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	kind, err := gocty.ImpliedType(s)
	if err != nil {
		t.Fatal(err)
	}
	if value, err = convert.Convert(value, kind); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if err := gocty.FromCtyValue(value, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// statesBucket returns where a workspace's state lies.
func (s site) statesBucket(workspace string) (bucket, region string) {
	if slices.Contains(osakaWorkspaces, workspace) {
		return s.Prefix + "-states-osaka-" + s.Account, s.Regions["osaka"]
	}
	return s.Prefix + "-states-" + s.Account, s.Regions["tokyo"]
}

// forkedValues are what another company writes into its copy of env/site.auto.tfvars,
// by the shipped values.
var forkedValues = map[string]string{
	`"123456789012"`:         `"444455556666"`,
	`"example" #`:            `"fork-two" #`,
	`"shop.example.com"`:     `"store.fork.example.org"`,
	"Z0123456789ABCDEFGHIJ":  "Z9988776655FORKFORKFO",
	"example.backlog.com":    "fork.backlog.jp",
	"operators@example.com":  "noc@fork.example.org",
	"111122223333":           "777788889999",
	"example-estate-connect": "fork-estate-connect",
	"dxvif-fg7xk3qa":         "dxvif-aa7xk3qa",
	"dxvif-fg9mz2wd":         "dxvif-aa9mz2wd",
	"ami-0a1b2c3d4e5f60718":  "ami-0aaaaaaaaaaaaaaaa",
	"ami-0f6e5d4c3b2a10987":  "ami-0bbbbbbbbbbbbbbbb",
	"AAAAC3NzaC1lZDI1NTE5AAAAIAH5w09pUo6oanwlvjClrYQuMBegvDBOzMIRDrgJK+r0": "AAAAC3NzaC1lZDI1NTE5AAAAIEI5w09pUo6oanwlvjClrYQuMBegvDBOzMIRDrgJK+r0",
}

// fork follows step 1 of docs/bootstrap.md in a copy of env.
func fork(t testing.TB, env string) {
	t.Helper()
	file := filepath.Join(env, "site.auto.tfvars")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, shipped := range slices.Sorted(maps.Keys(forkedValues)) {
		if !strings.Contains(text, shipped) {
			t.Fatalf("site.auto.tfvars does not contain %s", shipped)
		}
		text = strings.ReplaceAll(text, shipped, forkedValues[shipped])
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	fill(t, env)
}

func fill(t testing.TB, env string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "sh", filepath.Join(env, "fill.sh")).CombinedOutput(); err != nil {
		t.Fatalf("fill.sh: %v\n%s", err, out)
	}
}

// TestFork: after one file of values is edited, nothing of the shipped values is left for
// production, and fill.sh changes nothing a second time.
func TestFork(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tftest.Copy(t, ".", dir)
	fork(t, dir)
	shipped := append(slices.Collect(maps.Keys(forkedValues)), "123456789012", "example-states", "shop.example.com")
	first := readConfiguration(t, dir)
	for path, text := range first {
		if strings.Contains(path, "staging") {
			continue
		}
		production, _, _ := strings.Cut(text, `environment "staging"`)
		for i, line := range strings.Split(production, "\n") {
			for _, value := range shipped {
				if strings.Contains(line, value) {
					t.Errorf("%s:%d still contains %s", path, i+1, value)
				}
			}
		}
	}
	for _, name := range listWorkspaces(t) {
		bucket, _ := site{Account: "444455556666", Prefix: "fork-two"}.statesBucket(name)
		if !strings.Contains(first[filepath.Join(name, "versions.tf")], `"`+bucket+`"`) {
			t.Errorf("the state of %s is not in %s", name, bucket)
		}
	}
	fill(t, dir)
	if second := readConfiguration(t, dir); !maps.Equal(first, second) {
		t.Error("fill.sh changes what it has written")
	}
}

// TestShippedValuesAreFilled: what fill.sh writes agrees with the shipped values.
func TestShippedValuesAreFilled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tftest.Copy(t, ".", dir)
	before := readConfiguration(t, dir)
	fill(t, dir)
	after := readConfiguration(t, dir)
	for path := range before {
		if before[path] != after[path] {
			t.Errorf("%s differs from the values: run sh env/fill.sh", path)
		}
	}
	production, staging := readSite(t, "site.auto.tfvars"), readSite(t, "site.staging.tfvars")
	if production.Account == staging.Account || production.Domain == staging.Domain || production.ZoneID == staging.ZoneID {
		t.Error("staging has an account, a domain or a zone of production")
	}
}

// readConfiguration returns the files of a copy of env that Terraform and reconcile read,
// by their path below it.
func readConfiguration(t testing.TB, env string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*/*.tf", "*/*.tfvars", "*.tfvars", "*.hcl", "*.tfbackend"} {
		for _, path := range tftest.Glob(t, filepath.Join(env, pattern)) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files[strings.TrimPrefix(path, env+"/")] = string(content)
		}
	}
	return files
}
