package env_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"reconcile/modules/tftest"
)

const modulesDir = "../modules"

// moduleCalls returns the modules that a folder's configuration calls, as paths relative
// to this folder, and the calling blocks.
func moduleCalls(t testing.TB, dir string) map[string][]tftest.Block {
	t.Helper()
	called := map[string][]tftest.Block{}
	for _, m := range tftest.LoadConfiguration(t, dir)["module"] {
		source := strings.Trim(m.Attr("source"), `"`)
		if !strings.HasPrefix(source, "../") {
			t.Errorf("%s: module %s is not from this repository: %s", m.File, m.Label(), source)
			continue
		}
		called[filepath.Join(dir, source)] = append(called[filepath.Join(dir, source)], m)
	}
	return called
}

// TestModulesAreUsed: this infrastructure does not test a module that nothing calls.
func TestModulesAreUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	folders := append(tftest.Glob(t, modulesDir+"/*/main.tf"), tftest.Glob(t, "*/versions.tf")...)
	for _, file := range folders {
		for module := range moduleCalls(t, filepath.Dir(file)) {
			used[filepath.Base(module)] = true
		}
	}
	for _, file := range tftest.Glob(t, modulesDir+"/*/main.tf") {
		name := filepath.Base(filepath.Dir(file))
		if !used[name] {
			t.Errorf("no workspace and no module uses module %s", name)
		}
		if len(tftest.Glob(t, filepath.Join(modulesDir, name, "tests", "*.tftest.hcl"))) == 0 {
			t.Errorf("module %s has no tests", name)
		}
	}
}

// evidenceTypes are resource types with evidence (logs, backups) or with keys to it.
// Evidence outlives the sides.
var evidenceTypes = []string{
	"aws_backup_vault", "aws_cloudwatch_log_group", "aws_kms_key", "aws_s3_bucket", "aws_secretsmanager_secret",
}

// TestNoEvidenceInSides: a side, which is created and removed by a switchover, contains
// no evidence.
func TestNoEvidenceInSides(t *testing.T) {
	t.Parallel()
	for _, side := range []string{"tokyo-ap-A", "tokyo-ap-B", "osaka-ap"} {
		if !exists(side) {
			t.Errorf("side %s not found", side)
		}
		checkNoEvidence(t, side, side, nil)
	}
}

// checkNoEvidence checks a folder, which call called, and the modules that it calls.
func checkNoEvidence(t *testing.T, side, dir string, call *tftest.Block) {
	for _, r := range createdBlocks(t, dir, call, "resource") {
		if slices.Contains(evidenceTypes, r.Labels[0]) {
			t.Errorf("%s: %s in %s would be removed with the side: create it in another workspace and pass it in", side, r.Label(), r.File)
		}
	}
	for _, m := range createdBlocks(t, dir, call, "module") {
		checkNoEvidence(t, side, filepath.Join(dir, strings.Trim(m.Attr("source"), `"`)), &m)
	}
}

// createdBlocks returns the blocks of a type in a folder, which call called (nil for a
// workspace). It leaves out blocks that create nothing, as far as the default values of
// unset variables show.
func createdBlocks(t testing.TB, dir string, call *tftest.Block, kind string) []tftest.Block {
	t.Helper()
	configuration := tftest.LoadConfiguration(t, dir)
	variables := map[string]cty.Value{}
	for _, v := range configuration["variable"] {
		variables[v.Label()] = cty.DynamicVal
		if a := v.Body.Attributes["default"]; a != nil && call != nil && call.Attr(v.Label()) == "" {
			if value, diags := a.Expr.Value(nil); !diags.HasErrors() {
				variables[v.Label()] = value
			}
		}
	}
	ctx := &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(variables), "local": cty.DynamicVal}}
	return slices.DeleteFunc(configuration[kind], func(b tftest.Block) bool {
		for _, name := range []string{"count", "for_each"} {
			a := b.Body.Attributes[name]
			if a == nil {
				continue
			}
			value, diags := a.Expr.Value(ctx)
			if diags.HasErrors() || !value.IsKnown() || value.IsNull() {
				continue // the call may set it
			}
			if name == "count" && value.RawEquals(cty.Zero) || name == "for_each" && value.LengthInt() == 0 {
				return true
			}
		}
		return false
	})
}

// TestReasons: every ignore_changes has a comment with the reason.
func TestReasons(t *testing.T) {
	t.Parallel()
	found := 0
	for _, pattern := range []string{"*/*.tf", modulesDir + "/*/*.tf"} {
		for _, path := range tftest.Glob(t, pattern) {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(string(content), "\n")
			for i, line := range lines {
				if !regexp.MustCompile(`^\s*ignore_changes\b`).MatchString(line) {
					continue
				}
				found++
				if !strings.Contains(line, "#") && !strings.HasPrefix(strings.TrimSpace(lines[i-1]), "#") {
					t.Errorf("%s:%d: ignore_changes without a comment that gives the reason", path, i+1)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no ignore_changes found: does this test read the right files?")
	}
}
