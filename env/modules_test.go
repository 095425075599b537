package env_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

const modulesDir = "../modules"

// spare are modules that are here for others than this estate, and why.
var spare = map[string]string{
	"api_gw": "an HTTP API is cheaper than a REST API, where no list of client addresses is needed",
}

// calls returns the modules that a folder's configuration calls, as folders
// seen from here, and the blocks that call them.
func calls(t testing.TB, dir string) map[string][]tftest.Block {
	t.Helper()
	called := map[string][]tftest.Block{}
	for _, m := range tftest.Configuration(t, dir)["module"] {
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
		for module := range calls(t, filepath.Dir(file)) {
			used[filepath.Base(module)] = true
		}
	}
	for _, file := range tftest.Glob(t, modulesDir+"/*/main.tf") {
		name := filepath.Base(filepath.Dir(file))
		switch _, isSpare := spare[name]; {
		case used[name] && isSpare:
			t.Errorf("module %s is used, and no longer spare", name)
		case !used[name] && !isSpare:
			t.Errorf("module %s is used by no workspace, and by no module", name)
		}
		if len(tftest.Glob(t, filepath.Join(modulesDir, name, "tests", "*.tftest.hcl"))) == 0 {
			t.Errorf("module %s has no tests", name)
		}
	}
}

// evidence is what tells what happened, or opens it: it outlives the sides.
var evidence = []string{
	"aws_backup_vault", "aws_cloudwatch_log_group", "aws_kms_key", "aws_s3_bucket", "aws_secretsmanager_secret",
}

// TestNoEvidenceInSides: what comes and goes with a switch holds no evidence.
func TestNoEvidenceInSides(t *testing.T) {
	for _, side := range []string{"tokyo-ap-A", "tokyo-ap-B", "osaka-ap"} {
		if !exists(side) {
			t.Errorf("there is no side %s", side)
		}
		noEvidence(t, side, side, nil)
	}
}

// noEvidence looks through a folder, which call called, and the modules that
// it calls itself. What is made for each element of a variable that the call
// leaves empty is not made.
func noEvidence(t *testing.T, side, dir string, call *tftest.Block) {
	empty := map[string]bool{}
	configuration := tftest.Configuration(t, dir)
	for _, v := range configuration["variable"] {
		if call != nil && call.Attr(v.Label()) == "" && slices.Contains([]string{"{}", "[]", "null", "false"}, v.Attr("default")) {
			empty["var."+v.Label()] = true
		}
	}
	for _, r := range configuration["resource"] {
		if slices.Contains(evidence, r.Labels[0]) && !empty[r.Attr("for_each")] {
			t.Errorf("%s: %s in %s would go with the side: make it elsewhere and hand it in", side, r.Label(), r.File)
		}
	}
	for module, blocks := range calls(t, dir) {
		for _, b := range blocks {
			noEvidence(t, side, module, &b)
		}
	}
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
