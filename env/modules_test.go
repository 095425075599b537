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

// moduleCalls returns the modules that a folder's configuration calls, as folders
// seen from here, and the blocks that call them.
func moduleCalls(t testing.TB, dir string) map[string][]tftest.Block {
	t.Helper()
	called := map[string][]tftest.Block{}
	for _, m := range tftest.LoadConfiguration(t, dir)["module"] {
		source := strings.Trim(m.Attr("source"), `"`)
		if !strings.HasPrefix(source, "../") {
			t.Errorf("%s: module %s comes from elsewhere: %s", m.File, m.Label(), source)
			continue
		}
		called[filepath.Join(dir, source)] = append(called[filepath.Join(dir, source)], m)
	}
	return called
}

// TestModulesAreUsed: a module that nobody calls is not tried by the estate.
func TestModulesAreUsed(t *testing.T) {
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
			t.Errorf("module %s is used by no workspace, and by no module", name)
		}
		if len(tftest.Glob(t, filepath.Join(modulesDir, name, "tests", "*.tftest.hcl"))) == 0 {
			t.Errorf("module %s has no tests", name)
		}
	}
}

// evidenceTypes is what tells what happened, or opens it: it outlives the sides.
var evidenceTypes = []string{
	"aws_backup_vault", "aws_cloudwatch_log_group", "aws_kms_key", "aws_s3_bucket", "aws_secretsmanager_secret",
}

// TestNoEvidenceInSides: what comes and goes with a switch holds no evidence.
func TestNoEvidenceInSides(t *testing.T) {
	for _, side := range []string{"tokyo-ap-A", "tokyo-ap-B", "osaka-ap"} {
		if !exists(side) {
			t.Errorf("there is no side %s", side)
		}
		checkNoEvidence(t, side, side, nil)
	}
}

// checkNoEvidence looks through a folder, which call called, and the modules that
// it calls itself.
func checkNoEvidence(t *testing.T, side, dir string, call *tftest.Block) {
	for _, r := range createdBlocks(t, dir, call, "resource") {
		if slices.Contains(evidenceTypes, r.Labels[0]) {
			t.Errorf("%s: %s in %s would go with the side: make it elsewhere and hand it in", side, r.Label(), r.File)
		}
	}
	for _, m := range createdBlocks(t, dir, call, "module") {
		checkNoEvidence(t, side, filepath.Join(dir, strings.Trim(m.Attr("source"), `"`)), &m)
	}
}

// createdBlocks returns the blocks of a type in a folder, which call called (nil: it is
// a workspace), without those that make nothing, as far as the variables tell
// that the call leaves at their defaults.
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
				continue // somebody may say so
			}
			if name == "count" && value.RawEquals(cty.Zero) || name == "for_each" && value.LengthInt() == 0 {
				return true
			}
		}
		return false
	})
}

// TestReasons: whoever tells Terraform to look away says why, beside it.
func TestReasons(t *testing.T) {
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
					t.Errorf("%s:%d: ignore_changes without a reason beside it", path, i+1)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no ignore_changes was found: does this test look in the right place?")
	}
}
