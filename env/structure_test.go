package env_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// osakaWorkspaces are the workspaces that must work when Tokyo is lost. So their states
// must be in Osaka.
var osakaWorkspaces = []string{"common_os", "osaka-ap", "switchover"}

// checkBackend requires a separate, locked state in the right Region.
func (w *workspace) checkBackend(t *testing.T) {
	if len(w.blocks["terraform"]) != 1 || len(w.blocks["terraform"][0].NestedBlocks("backend")) != 1 {
		t.Fatal("want exactly one backend")
	}
	b := w.blocks["terraform"][0].NestedBlocks("backend")[0]
	site := readSite(t, "site.auto.tfvars")
	bucket, region := site.statesBucket(w.name)
	want := map[string]string{
		"key": `"` + w.name + `/terraform.tfstate"`, "use_lockfile": "true",
		"bucket": strconv.Quote(bucket), "region": strconv.Quote(region),
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

// checkProvider requires one exact version, and a provider that is limited to its
// account.
func (w *workspace) checkProvider(t *testing.T) {
	versions := regexp.MustCompile(`version\s*=\s*"([^"]*)"`)
	for _, b := range w.blocks["terraform"][0].NestedBlocks("required_providers") {
		for _, match := range versions.FindAllStringSubmatch(string(b.Range().SliceBytes(b.Source))+b.Text(b.Body.SrcRange), -1) {
			if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(match[1]) {
				t.Errorf("a provider's version is %q, want one exact version", match[1])
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
		if p.Attr("allowed_account_ids") != "[var.site.account_id]" {
			t.Errorf("provider %s %s works in any account: allowed_account_ids = [var.site.account_id]", p.Label(), p.Attr("alias"))
		}
		if tags := p.NestedBlocks("default_tags"); len(tags) != 1 || tags[0].Attr("tags") != "var.tags" {
			t.Errorf("provider %s %s has no default_tags that are var.tags", p.Label(), p.Attr("alias"))
		}
	}
}

// checkDescriptions requires inputs and outputs to have types and descriptions.
func (w *workspace) checkDescriptions(t *testing.T) {
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

// checkValues requires a value for each variable, and a variable for each value.
func (w *workspace) checkValues(t *testing.T) {
	variables := map[string]tftest.Block{}
	for _, v := range w.blocks["variable"] {
		variables[v.Label()] = v
	}
	for _, file := range tftest.Glob(t, filepath.Join(w.name, "*.tfvars")) {
		for name := range tftest.LoadValues(t, file) {
			if _, declared := variables[name]; !declared {
				t.Errorf("%s: no variable %s", file, name)
			}
		}
	}
	production := tftest.LoadValues(t, filepath.Join(w.name, "terraform.tfvars"))
	for _, file := range tftest.Glob(t, filepath.Join(w.name, "*.auto.tfvars")) {
		maps.Copy(production, tftest.LoadValues(t, file))
	}
	for name, v := range variables {
		if production[name] == "" && v.Attr("default") == "" {
			t.Errorf("variable %s has no value", name)
		}
	}
	for name, value := range tftest.LoadValues(t, filepath.Join(w.name, "staging.tfvars")) {
		if value == production[name] {
			t.Errorf("staging.tfvars: %s has the value of production: leave it out", name)
		}
	}
	if _, ok := variables["site"]; !ok {
		t.Error("no variable site: the values of site.auto.tfvars")
	}
	if link, err := os.Readlink(filepath.Join(w.name, "site.auto.tfvars")); link != "../site.auto.tfvars" {
		t.Errorf("site.auto.tfvars is a link to %q (%v), not to ../site.auto.tfvars", link, err)
	}
}

// audienceWords are words in the descriptions of outputs that people read, instead of a
// workspace.
var audienceWords = regexp.MustCompile(`(?i)\b(operators?|people|who reads the plan)\b`)

// checkOutputs requires a reader for each output.
func (w *workspace) checkOutputs(t *testing.T, readers []graphNode) {
	read := map[string]bool{}
	for _, n := range readers {
		if slices.Contains(n.DependsOn, w.name) {
			for _, b := range allBlocks(t, n.Name) {
				for _, m := range traversalsOf(b.Body) {
					for _, name := range stepNames(m) {
						read[name] = true
					}
				}
			}
		}
	}
	for _, o := range w.blocks["output"] {
		if !read[o.Label()] && !audienceWords.MatchString(o.Attr("description")) {
			t.Errorf("output %s: no workspace reads it, and its description does not say which people do", o.Label())
		}
	}
}

func allBlocks(t testing.TB, name string) []tftest.Block {
	t.Helper()
	var list []tftest.Block
	for _, blocks := range readWorkspace(t, name).blocks {
		list = append(list, blocks...)
	}
	return list
}

// TestSidesMatch: A and B differ only in values.
func TestSidesMatch(t *testing.T) {
	t.Parallel()
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
		t.Fatal("no sides found")
	}
	for file := range files {
		if strings.HasSuffix(file, ".tfvars") {
			contentA, contentB := tftest.LoadValues(t, filepath.Join(a, file)), tftest.LoadValues(t, filepath.Join(b, file))
			for name := range contentA {
				if contentB[name] == "" {
					t.Errorf("%s: only A sets %s", file, name)
				}
				delete(contentB, name)
			}
			for name := range contentB {
				t.Errorf("%s: only B sets %s", file, name)
			}
			continue
		}
		contentA, errA := os.ReadFile(filepath.Join(a, file))
		contentB, errB := os.ReadFile(filepath.Join(b, file))
		if errA != nil || errB != nil || strings.ReplaceAll(string(contentA), `"`+a+`/`, `"`+b+`/`) != string(contentB) {
			t.Errorf("%s differs in more than the state's key (%v, %v)", file, errA, errB)
		}
	}
}
