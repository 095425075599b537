package env_test

import (
	"os"
	"path/filepath"
	"strings"
)

// returnToTokyo: Tokyo works again, and takes over from Osaka by all the steps of "Back to
// Tokyo" in docs/drill.md, as reconcile's own roles may. The numbers are the table's.
func returnToTokyo(a *account) {
	a.aws.RestoreRegion(tokyo)
	a.edit("env/common_os/terraform.tfvars", `(?m)^(standby_egress|webhook)( +)= true`, "$1$2= false")
	a.commit("Osaka lets no webhooks in")
	a.applyByHand("common_os")
	a.passAndCheck("what people applied is what Git says", map[string]string{"osaka-ap": "no-changes", "switchover": "no-changes"})

	a.setDatabase("tokyo", "protected", "false") // 1
	a.commitAndCheck("Tokyo's old database may go", map[string]string{"tokyo": "approved"})
	a.follow("tokyo", "shop") // 2
	a.commitAndCheck("Tokyo follows Osaka", map[string]string{"tokyo": "approved", "tokyo-ap-A": "approved", "tokyo-ap-B": "no-changes"})
	a.checkSource("tokyo", "arn:aws:rds:"+osaka+":"+a.site.Account+":db:shop")
	// 3: tokyo-ap-A is live.
	values, err := os.ReadFile(filepath.Join(a.repo.Work, "env", "switchover", "dr-tokyo.tfvars"))
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.repo.Work, "env", "switchover", "terraform.tfvars"), values, 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.aws.TrafficHistory()
	a.commitAtOnce("clients go to Tokyo") // 4
	a.checkWeights(tokyo, map[string]string{"tokyo-ap-A": "100"})
	a.checkWeights(osaka, map[string]string{"osaka-ap": "100"})
	a.checkServedInAnyOrder("")
	a.edit("env/switchover/terraform.tfvars", `(?m)^  osaka-ap\s+= .*\n`, "") // 5
	a.edit("env/switchover/terraform.tfvars", `(?m)^from += .*$`, "from = { tokyo-ap-A = 100 }")
	a.edit("env/switchover/terraform.tfvars", `(?m)^raised += .*\n`, "")
	a.commitAtOnce("no client goes to Osaka")
	a.checkServedInAnyOrder("")
	a.checkWeights(osaka, map[string]string{})
	a.setDatabase("tokyo", "replica_of", "") // 6
	a.commitAndCheck("Tokyo's database takes writes", map[string]string{"tokyo": "approved", "tokyo-ap-A": "no-changes", "tokyo-ap-B": "no-changes"})
	a.checkSource("tokyo", "")
	a.setDatabase("osaka-ap", "protected", "false") // 7
	a.commitAndCheck("Osaka's old database may go", map[string]string{"osaka-ap": "approved"})
	a.follow("osaka-ap", "shop-2")
	a.commitAndCheck("Osaka follows Tokyo", map[string]string{"osaka-ap": "approved", "switchover": "no-changes"})
	a.checkSource("osaka-ap", "arn:aws:rds:"+tokyo+":"+a.site.Account+":db:shop-2")
	a.edit("env/switchover/terraform.tfvars", `(?m)^endpoints = \{\n`, "$0  osaka-ap = { region = \""+osaka+"\", standby = true }\n") // 8
	a.commitAtOnce("Osaka stands by")
	a.checkServedInAnyOrder("")
	a.checkWeights(osaka, map[string]string{"osaka-ap": "100"})
	a.checkUnchanged(listWorkspaces(a.t)...)
	a.checkLogGroups()
}

// commitAtOnce commits a change of the traffic in which a side joins, or leaves. If it moves
// traffic, no rollout begins, and a person applies the approved plan without steps.
func (a *account) commitAtOnce(message string) {
	a.t.Helper()
	a.commit(message)
	if a.settle().outcomes()["switchover"] != "approved" {
		a.applyAtOnce(message)
	}
}

// applyAtOnce applies the approved plan of the traffic without steps.
func (a *account) applyAtOnce(why string) {
	a.t.Helper()
	p := a.runReconcile("now", "switchover", "--at-once", "--why", why)
	if got := p.outcomes(); got["switchover"] != "approved" {
		a.t.Fatalf("%s: %v", why, got)
	}
}

// follow edits the database of a workspace: its second generation, which follows a
// database of the other Region.
func (a *account) follow(workspace, database string) {
	a.t.Helper()
	a.setDatabase(workspace, "protected", "")
	a.setDatabase(workspace, "generation", "2")
	a.setDatabase(workspace, "replica_of", `"`+database+`"`)
}

// setDatabase edits a value in the database of a workspace; "" removes the value.
func (a *account) setDatabase(workspace, name, value string) {
	a.t.Helper()
	file := "env/" + workspace + "/terraform.tfvars"
	src, err := os.ReadFile(filepath.Join(a.repo.Work, file))
	if err != nil {
		a.t.Fatal(err)
	}
	if strings.Contains(string(src), "\n  "+name+" ") {
		a.edit(file, `(?m)^  `+name+` +=.*\n`, "")
	}
	if value != "" {
		a.edit(file, `(?m)^database = \{\n`, "$0  "+name+" = "+value+"\n")
	}
}

// checkSource compares what the database of a workspace follows.
func (a *account) checkSource(workspace, want string) {
	a.t.Helper()
	if source, _ := a.resourceAttributes(workspace, "aws_db_instance")["replicate_source_db"].(string); source != want {
		a.t.Errorf("the database of %s follows %q, not %q", workspace, source, want)
	}
}
