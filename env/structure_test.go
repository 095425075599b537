package env_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// inOsaka are the workspaces that must work when Tokyo is gone: so do their
// states.
var inOsaka = []string{"common_os", "osaka-ap", "switchover"}

// backend asks for a locked state of the workspace's own, where it is needed.
func (w *workspace) backend(t *testing.T) {
	if len(w.blocks["terraform"]) != 1 || len(w.blocks["terraform"][0].Inner("backend")) != 1 {
		t.Fatal("it has no backend, or more than one")
	}
	b := w.blocks["terraform"][0].Inner("backend")[0]
	want := map[string]string{
		"key": `"` + w.name + `/terraform.tfstate"`, "use_lockfile": "true",
		"bucket": `"example-states-123456789012"`, "region": `"ap-northeast-1"`,
	}
	if slices.Contains(inOsaka, w.name) {
		want["bucket"], want["region"] = `"example-states-osaka-123456789012"`, `"ap-northeast-3"`
	}
	if b.Label() != "s3" {
		t.Fatalf("its backend is %s", b.Label())
	}
	for name, value := range want {
		if b.Attr(name) != value {
			t.Errorf("backend: %s is %s, not %s", name, b.Attr(name), value)
		}
	}
}

// provider asks for one version, and for a provider that knows its account.
func (w *workspace) provider(t *testing.T) {
	versions := regexp.MustCompile(`version\s*=\s*"([^"]*)"`)
	for _, b := range w.blocks["terraform"][0].Inner("required_providers") {
		for _, match := range versions.FindAllStringSubmatch(string(b.Range().SliceBytes(b.Source))+b.Text(b.Body.SrcRange), -1) {
			if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(match[1]) {
				t.Errorf("a provider's version is %q, and not one alone", match[1])
			}
			lock, err := os.ReadFile(filepath.Join(w.name, ".terraform.lock.hcl"))
			if err != nil || !strings.Contains(string(lock), `"`+match[1]+`"`) {
				t.Errorf("version %s is not in the lock file (%v)", match[1], err)
			}
		}
	}
	if len(w.blocks["provider"]) == 0 {
		t.Error("no provider is configured")
	}
	for _, p := range w.blocks["provider"] {
		if p.Attr("allowed_account_ids") != "[var.account_id]" {
			t.Errorf("provider %s %s works in any account: allowed_account_ids = [var.account_id]", p.Label(), p.Attr("alias"))
		}
		if tags := p.Inner("default_tags"); len(tags) != 1 || tags[0].Attr("tags") != "var.tags" {
			t.Errorf("provider %s %s has no default_tags that are var.tags", p.Label(), p.Attr("alias"))
		}
	}
}

// described looks for inputs and outputs that are typed and described.
func (w *workspace) described(t *testing.T) {
	for _, v := range w.blocks["variable"] {
		if v.Attr("description") == "" {
			t.Errorf("variable %s: no description", v.Label())
		}
		if typ := v.Attr("type"); typ == "" || regexp.MustCompile(`\bany\b`).MatchString(typ) {
			t.Errorf("variable %s: its type is missing, or any", v.Label())
		}
	}
	for _, o := range w.blocks["output"] {
		if o.Attr("description") == "" {
			t.Errorf("output %s: no description", o.Label())
		}
	}
}

// values asks that every variable has a value, and no value is for nothing.
func (w *workspace) values(t *testing.T) {
	variables := map[string]tftest.Block{}
	for _, v := range w.blocks["variable"] {
		variables[v.Label()] = v
	}
	for _, file := range tftest.Glob(t, filepath.Join(w.name, "*.tfvars")) {
		for name := range tftest.Values(t, file) {
			if _, declared := variables[name]; !declared {
				t.Errorf("%s: there is no variable %s", file, name)
			}
		}
	}
	production := tftest.Values(t, filepath.Join(w.name, "terraform.tfvars"))
	for _, file := range tftest.Glob(t, filepath.Join(w.name, "*.auto.tfvars")) {
		maps.Copy(production, tftest.Values(t, file))
	}
	for name, v := range variables {
		if production[name] == "" && v.Attr("default") == "" {
			t.Errorf("variable %s has no value", name)
		}
	}
	staging := tftest.Values(t, filepath.Join(w.name, "staging.tfvars"))
	for name, value := range staging {
		if value == production[name] {
			t.Errorf("staging.tfvars: %s is that of production: leave it out", name)
		}
	}
	if staging["account_id"] == "" {
		t.Error("staging.tfvars: staging has an account of its own")
	}
}

// forPeople are words of the descriptions of outputs that are not read by a
// workspace.
var forPeople = regexp.MustCompile(`(?i)\b(operators?|people|whoever|who reads the plan)\b`)

// wanted asks that somebody reads each output.
func (w *workspace) wanted(t *testing.T, readers []node) {
	read := map[string]bool{}
	for _, n := range readers {
		if slices.Contains(n.DependsOn, w.name) {
			for _, b := range allBlocks(t, n.Name) {
				for _, m := range mentions(b.Body) {
					for _, name := range steps(m) {
						read[name] = true
					}
				}
			}
		}
	}
	for _, o := range w.blocks["output"] {
		if !read[o.Label()] && !forPeople.MatchString(o.Attr("description")) {
			t.Errorf("output %s: no workspace reads it, and it does not say which people do", o.Label())
		}
	}
}

func allBlocks(t testing.TB, name string) []tftest.Block {
	t.Helper()
	var all []tftest.Block
	for _, blocks := range read(t, name).blocks {
		all = append(all, blocks...)
	}
	return all
}

// TestSidesAlike: A and B differ in values alone.
func TestSidesAlike(t *testing.T) {
	const a, b = "tokyo-ap-A", "tokyo-ap-B"
	files := map[string]bool{}
	for _, side := range []string{a, b} {
		for _, pattern := range []string{"*.tf", "*.tfvars", ".terraform.lock.hcl", "tests/*.hcl", "tests/*/*.hcl"} {
			for _, path := range tftest.Glob(t, filepath.Join(side, pattern)) {
				files[strings.TrimPrefix(path, side+"/")] = true
			}
		}
	}
	if len(files) == 0 {
		t.Fatal("the sides are gone")
	}
	for file := range files {
		if strings.HasSuffix(file, ".tfvars") {
			one, other := tftest.Values(t, filepath.Join(a, file)), tftest.Values(t, filepath.Join(b, file))
			for name := range one {
				if other[name] == "" {
					t.Errorf("%s: only A sets %s", file, name)
				}
				delete(other, name)
			}
			for name := range other {
				t.Errorf("%s: only B sets %s", file, name)
			}
			continue
		}
		one, errA := os.ReadFile(filepath.Join(a, file))
		other, errB := os.ReadFile(filepath.Join(b, file))
		if errA != nil || errB != nil || strings.ReplaceAll(string(one), `"`+a+`/`, `"`+b+`/`) != string(other) {
			t.Errorf("%s differs, in more than the state's key (%v, %v)", file, errA, errB)
		}
	}
}
