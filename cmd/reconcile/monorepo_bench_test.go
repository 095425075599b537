package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"reconcile/internal/commitid"
	"reconcile/reconciler/source/gittest"
)

// monorepo is a synthetic repository: each workspace calls three of the modules,
// and some of these call another; every tenth workspace reads another's state.
// Terramate can list its workspaces too.
type monorepo struct {
	*gittest.Repo
	modules     int
	firstCommit commitid.ID // the commit of the whole tree
}

func newMonorepo(b *testing.B, workspaces, modules, files int) *monorepo {
	b.Helper()
	random := rand.New(rand.NewPCG(1, 1))
	tree := map[string]string{
		"terramate.tm.hcl": "terramate {\n  config {\n    git {\n      default_branch = \"main\"\n      check_untracked = false\n      check_uncommitted = false\n      check_remote = false\n    }\n  }\n}\n",
	}
	for i := range modules {
		body := fmt.Sprintf("variable \"name\" {\n  type = string\n}\n\nresource \"terraform_data\" \"this\" {\n  input = \"${var.name}-%d\"\n}\n", i)
		if i+1 < modules && random.IntN(10) < 3 {
			body += moduleCall(i+1+random.IntN(modules-i-1), "..", "var.name")
		}
		dir := fmt.Sprintf("modules/m%04d", i)
		tree[dir+"/main.tf"] = body
		tree[dir+"/outputs.tf"] = "output \"id\" {\n  value = terraform_data.this.output\n}\n"
	}
	for i := range workspaces {
		dir, name := fmt.Sprintf("env/ws%05d", i), fmt.Sprintf("ws%05d", i)
		calls := random.Perm(modules)[:3]
		var body strings.Builder
		for _, m := range calls {
			body.WriteString(moduleCall(m, "../../modules", "local.name"))
		}
		if i%10 == 9 {
			fmt.Fprintf(&body, "\ndata \"terraform_remote_state\" \"up\" {\n  backend = \"local\"\n  config = {\n    path = \"../ws%05d/terraform.tfstate\"\n  }\n}\n", i-1)
		}
		tree[dir+"/main.tf"] = body.String()
		tree[dir+"/locals.tf"] = fmt.Sprintf("locals {\n  name = %q\n}\n", name)
		tree[dir+"/outputs.tf"] = fmt.Sprintf("output \"id\" {\n  value = module.m%04d.id\n}\n", calls[0])
		tree[dir+"/versions.tf"] = "terraform {\n  required_version = \">= 1.5\"\n\n  backend \"local\" {\n    path = \"terraform.tfstate\"\n  }\n}\n"
		tree[dir+"/stack.tm.hcl"] = fmt.Sprintf("stack {\n  name = %[1]q\n  id   = %[1]q\n}\n", name)
	}
	for i := 0; len(tree) < files; i++ {
		tree[fmt.Sprintf("modules/m%04d/files/f%05d.txt", i%modules, i)] = strings.Repeat(fmt.Sprintln(i, random.Uint64()), 10)
	}
	m := &monorepo{Repo: gittest.New(b), modules: modules}
	for _, dir := range []string{m.Work, m.Dir} {
		gittest.Git(b, dir, "config", "gc.auto", "0") // it would go on behind what is measured
	}
	m.firstCommit = m.Commit("whole tree", tree)
	return m
}

func moduleCall(module int, modules, name string) string {
	return fmt.Sprintf("\nmodule \"m%04[1]d\" {\n  source = \"%[2]s/m%04[1]d\"\n  name   = %[3]s\n}\n", module, modules, name)
}

// touch commits a change of one module that several workspaces reach.
func (m *monorepo) touch() (commit commitid.ID) {
	return m.Commit("touch a module", map[string]string{fmt.Sprintf("modules/m%04d/touched.tf", m.modules/2): "# touched\n"})
}

// pack does what `git clone` would have: everything is in one pack.
func (m *monorepo) pack() { m.Git("gc", "-q") }
