package env_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"reconcile/modules/tftest"
)

// TestScan runs checkov, a scanner for security rules, over the infrastructure with its
// values, and over the modules that these values switch off. An intended exception is
// marked in place: `# checkov:skip=CHECK:Reason.`
func TestScan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tftest.Copy(t, ".", filepath.Join(dir, "env"))
	tftest.Copy(t, modulesDir, filepath.Join(dir, "modules"))
	for _, folder := range []string{"env", "modules/api_gw", "modules/codebuild"} {
		report := scan(t, dir, folder)
		if report.Summary.Resources == 0 || report.Summary.Unread > 0 {
			t.Errorf("%s: checkov saw %d resources, and could not read %d files", folder, report.Summary.Resources, report.Summary.Unread)
		}
		for _, f := range report.Results.Failed {
			t.Errorf("%s in %s: %s (%s)", f.Resource, f.File, f.Name, f.ID)
		}
	}
}

// scanReport is the part of checkov's output that TestScan reads.
type scanReport struct {
	Summary struct {
		Resources int `json:"resource_count"`
		Unread    int `json:"parsing_errors"`
	}
	Results struct {
		Failed []struct {
			ID       string `json:"check_id"`
			Name     string `json:"check_name"`
			File     string `json:"file_path"`
			Resource string
		} `json:"failed_checks"`
	}
}

func scan(t *testing.T, dir, folder string) (r scanReport) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), tftest.FindTool(t, "checkov"), "--directory", folder, "--framework", "terraform",
		"--quiet", "--compact", "--skip-download", "--output", "json", "--soft-fail")
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("checkov: %v\n%s", err, &stderr)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("checkov: %v in:\n%s", err, out)
	}
	return r
}

// TestExceptions requires a reason for every exception.
func TestExceptions(t *testing.T) {
	t.Parallel()
	skip := regexp.MustCompile(`checkov:skip=([A-Z0-9_]+)(?::(\S.{14,}\.))?`)
	var found int
	for _, file := range slices.Concat(tftest.Glob(t, "*/*.tf"), tftest.Glob(t, modulesDir+"/*/*.tf")) {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range skip.FindAllStringSubmatch(string(content), -1) {
			found++
			if match[2] == "" {
				t.Errorf("%s: %s is skipped without a sentence that gives the reason", file, match[1])
			}
		}
	}
	if found == 0 {
		t.Error("no exception found: is their format still the same?")
	}
}
