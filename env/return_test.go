package env_test

import (
	"os"
	"path/filepath"
	"strings"
)

// returnToTokyo: Tokyo answers again, and takes over from Osaka by all the steps of "Back
// to Tokyo" in docs/drill.md, as reconcile's own roles may.
func returnToTokyo(a *account) {
	a.aws.RestoreRegion(tokyo)
	a.edit("env/common_os/terraform.tfvars", `(?m)^webhook = true`, "webhook = false")
	a.commit("Osaka lets no webhooks in")
	a.applyByHand("common_os")
	a.passAndCheck("what people applied is what Git says", map[string]string{"osaka-ap": "no-changes", "switchover": "no-changes"})

	replace := func(workspace, region, database string) {
		a.setDatabase(workspace, "protected", "false")
		a.commitAndCheck(workspace+"'s old database may go", map[string]string{workspace: "applied"})
		a.setDatabase(workspace, "protected", "")
		a.setDatabase(workspace, "generation", "2")
		a.setDatabase(workspace, "replica_of", `"arn:aws:rds:`+region+`:123456789012:db:`+database+`"`)
	}
	replace("tokyo", osaka, "shop") // steps 1 and 2
	a.commitAndCheck("Tokyo follows Osaka", map[string]string{"tokyo": "applied", "tokyo-ap-A": "applied", "tokyo-ap-B": "no-changes"})
	a.checkSource("tokyo", "arn:aws:rds:"+osaka+":123456789012:db:shop")

	values, err := os.ReadFile(filepath.Join(a.repo.Work, "env", "switchover", "dr-tokyo.tfvars")) // step 4
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.repo.Work, "env", "switchover", "terraform.tfvars"), values, 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.commitAndCheck("clients go to Tokyo", map[string]string{"switchover": "applied"})
	a.checkWeights(tokyo, map[string]string{"tokyo-ap-A": "100"})
	a.edit("env/switchover/terraform.tfvars", `(?m)^  osaka-ap\s+= .*\n`, "") // step 5
	a.commitAndCheck("no client goes to Osaka", map[string]string{"switchover": "applied"})
	a.checkWeights(osaka, map[string]string{})

	a.setDatabase("tokyo", "replica_of", "") // step 6
	a.commitAndCheck("Tokyo's database takes writes", map[string]string{"tokyo": "applied"})
	a.checkSource("tokyo", "")

	replace("osaka-ap", tokyo, "shop-2") // step 7
	a.commitAndCheck("Osaka follows Tokyo", map[string]string{"osaka-ap": "applied"})
	a.checkSource("osaka-ap", "arn:aws:rds:"+tokyo+":123456789012:db:shop-2")
	a.edit("env/switchover/terraform.tfvars", `(?m)^endpoints = \{\n`, "$0  osaka-ap = { region = \""+osaka+"\", weight = 100 }\n") // step 8
	a.commitAndCheck("Osaka stands by", map[string]string{"switchover": "applied"})
	a.checkWeights(osaka, map[string]string{"osaka-ap": "100"})
	a.checkUnchanged(listWorkspaces(a.t)...)
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

// checkSource compares what the newest database of a workspace follows.
func (a *account) checkSource(workspace, want string) {
	a.t.Helper()
	if source, _ := a.resourceAttributes(workspace, "aws_db_instance")["replicate_source_db"].(string); source != want {
		a.t.Errorf("the database of %s follows %q, not %q", workspace, source, want)
	}
}
