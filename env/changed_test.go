package env_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reconcile/modules/tftest"
)

// TestGraph: reconcile finds the dependencies in the code and can evaluate every input:
// there are no warnings.
func TestGraph(t *testing.T) {
	t.Parallel()
	e := newEstateRepo(t)
	want := []string{
		"bootstrap after ", "common after ", "common_os after ",
		"osaka-ap after common_os tokyo",
		"switchover after common osaka-ap tokyo-ap-A tokyo-ap-B",
		"tokyo after common common_os",
		"tokyo-ap-A after common tokyo", "tokyo-ap-B after common tokyo",
	}
	for _, environment := range []string{"", "staging"} {
		var g struct {
			Workspaces []graphNode
			Warnings   []string
		}
		e.runJSON(&g, "graph", "--environment="+environment)
		var got []string
		for _, n := range g.Workspaces {
			got = append(got, n.Name+" after "+strings.Join(n.DependsOn, " "))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: the graph is\n%s\nwant\n%s", environment, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		if len(g.Warnings) > 0 {
			t.Errorf("%q: %s", environment, strings.Join(g.Warnings, "\n"))
		}
	}
}

// TestChanged compares the workspaces that are stale after a commit with the expected
// ones.
func TestChanged(t *testing.T) {
	t.Parallel()
	e := newEstateRepo(t)
	for _, tt := range []struct {
		commit      string
		edit        func()
		environment string
		stale       string // workspaces and reasons, "+" if new, "-" if removed
		maybe       string // readers, if outputs change
	}{
		{
			commit: "a module that all networks are made of",
			edit:   func() { e.append("modules/vpc/main.tf", "# A remark.\n") },
			stale:  "bootstrap(modules/vpc) common_os(modules/vpc) osaka-ap(modules/vpc) tokyo(modules/vpc) tokyo-ap-A(modules/vpc) tokyo-ap-B(modules/vpc)",
			maybe:  "switchover",
		},
		{
			commit: "a module that modules call",
			edit:   func() { e.append("modules/vpc_ap_acl/main.tf", "# A remark.\n") },
			stale:  "osaka-ap(modules/vpc_ap_acl) tokyo-ap-A(modules/vpc_ap_acl) tokyo-ap-B(modules/vpc_ap_acl)",
			maybe:  "switchover",
		},
		{
			commit: "the module of one workspace",
			edit:   func() { e.append("modules/accelerator_endpoint/outputs.tf", "# A remark.\n") },
			stale:  "switchover(modules/accelerator_endpoint)",
		},
		{
			commit: "values of one side",
			edit:   func() { e.replace("env/tokyo-ap-A/terraform.tfvars", "generation = 1", "generation = 2") },
			stale:  "tokyo-ap-A(env/tokyo-ap-A)",
			maybe:  "switchover",
		},
		{
			commit: "a switch",
			edit: func() {
				e.replace("env/switchover/terraform.tfvars", "to   = { tokyo-ap-A = 100 }", "to   = { osaka-ap = 100 }")
			},
			stale: "switchover(env/switchover)",
		},
		{
			commit: "what everybody reads",
			edit:   func() { e.append("env/common/main.tf", "# A remark.\n") },
			stale:  "common(env/common)",
			maybe:  "osaka-ap switchover tokyo tokyo-ap-A tokyo-ap-B",
		},
		{
			commit: "a gate, which is no input",
			edit:   func() { e.append("env/reconcile.hcl", "workspace \"tokyo\" {\n  apply = \"approve\"\n}\n") },
		},
		{
			commit: "an order, which is one",
			edit: func() {
				e.replace("env/reconcile.hcl", "\nworkspace \"common_os\" {\n", "\nworkspace \"common_os\" {\n  depends_on = [\"common\"]\n")
			},
			stale: "common_os(settings)",
			maybe: "osaka-ap switchover tokyo tokyo-ap-A tokyo-ap-B",
		},
		{
			commit: "a template outside of every directory",
			edit: func() {
				e.write("shared/motd.tftpl", "Welcome to ${name}.\n")
				e.write("env/tokyo/motd.tf", "resource \"terraform_data\" \"motd\" {\n  input = templatefile(\"${path.module}/../../shared/motd.tftpl\", { name = \"tokyo\" })\n}\n")
			},
			stale: "tokyo(env/tokyo shared/motd.tftpl)",
			maybe: "osaka-ap switchover tokyo-ap-A tokyo-ap-B",
		},
		{
			commit: "the template alone",
			edit:   func() { e.write("shared/motd.tftpl", "Good morning from ${name}.\n") },
			stale:  "tokyo(shared/motd.tftpl)",
			maybe:  "osaka-ap switchover tokyo-ap-A tokyo-ap-B",
		},
		{
			commit: "what is not Terraform's, or only its tests'",
			edit: func() {
				e.append("modules/README.md", "A remark.\n")
				e.append("modules/mocks/aws.tfmock.hcl", "# A remark.\n")
				e.append("env/env_test.go", "// A remark.\n")
			},
		},
		{
			commit: "where staging's states in Osaka are, for production",
			edit:   func() { e.append("env/staging-osaka.s3.tfbackend", "# A remark.\n") },
		},
		{
			commit:      "the same for staging",
			edit:        func() { e.append("env/staging-osaka.s3.tfbackend", "# Another.\n") },
			environment: "staging",
			stale:       "common_os(env/staging-osaka.s3.tfbackend) osaka-ap(env/staging-osaka.s3.tfbackend) switchover(env/staging-osaka.s3.tfbackend)",
			maybe:       "tokyo tokyo-ap-A tokyo-ap-B",
		},
		{
			commit: "a third side",
			edit: func() {
				tftest.Copy(t, filepath.Join(e.dir, "env/tokyo-ap-B"), filepath.Join(e.dir, "env/tokyo-ap-C"))
				e.replace("env/tokyo-ap-C/versions.tf", "tokyo-ap-B/", "tokyo-ap-C/")
			},
			stale: "+tokyo-ap-C(env/tokyo-ap-C)",
		},
		{
			commit: "a side less",
			edit:   func() { e.must(os.RemoveAll(filepath.Join(e.dir, "env/tokyo-ap-C"))) },
			stale:  "-tokyo-ap-C(env/tokyo-ap-C)",
		},
	} {
		from := e.commit("before " + tt.commit)
		tt.edit()
		to := e.commit(tt.commit)
		var got struct {
			Workspaces []struct {
				Name         string
				Stale        []string
				New, Removed bool
			}
			Maybe []string
		}
		e.runJSON(&got, "changed", "--from", from, "--to", to, "--environment="+tt.environment)
		var stale []string
		for _, w := range got.Workspaces {
			mark := map[bool]string{true: "+"}[w.New] + map[bool]string{true: "-"}[w.Removed]
			stale = append(stale, fmt.Sprintf("%s%s(%s)", mark, w.Name, strings.Join(w.Stale, " ")))
		}
		if text := strings.Join(stale, " "); text != tt.stale {
			t.Errorf("%s: stale:\n%s\nwant\n%s", tt.commit, text, tt.stale)
		}
		if text := strings.Join(got.Maybe, " "); text != tt.maybe {
			t.Errorf("%s: maybe stale:\n%s\nwant\n%s", tt.commit, text, tt.maybe)
		}
	}
}

func (e *estateRepo) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *estateRepo) read(path string) string {
	e.t.Helper()
	content, err := os.ReadFile(filepath.Join(e.dir, path))
	e.must(err)
	return string(content)
}

func (e *estateRepo) write(path, content string) {
	e.t.Helper()
	path = filepath.Join(e.dir, path)
	e.must(os.MkdirAll(filepath.Dir(path), 0o700))
	e.must(os.WriteFile(path, []byte(content), 0o600))
}

func (e *estateRepo) append(path, content string) { e.write(path, e.read(path)+content) }

func (e *estateRepo) replace(path, old, text string) {
	e.t.Helper()
	content := e.read(path)
	if !strings.Contains(content, old) {
		e.t.Fatalf("%s does not contain %q", path, old)
	}
	e.write(path, strings.ReplaceAll(content, old, text))
}
