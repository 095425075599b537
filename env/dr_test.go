package env_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reconcile/env/awstest/traffic"
	"reconcile/modules/tftest"
)

// rotate moves Tokyo's traffic from one side to the other, following docs/drill.md: one commit
// and one approval move it. isBad: the first time, the new side goes bad on the way.
func (a *account) rotate(from, to string, isBad bool) {
	a.t.Helper()
	traffic := map[string]string{"switchover": "approved"}
	both := []string{from, to}
	old, new := map[string]int{from: 100}, map[string]int{to: 100}
	a.aws.TrafficHistory()

	a.setMode(to, "absent", "live")
	a.setTraffic(both, old, old)
	a.commitAndCheck(to+" comes to life and joins", map[string]string{to: "approved", "switchover": "approved"})
	a.checkWeights(tokyo, map[string]string{from: "100", to: "0"})
	a.setAdmit(to, "clients", "accelerator")
	a.commitAndCheck("nobody gets past the accelerator to "+to, map[string]string{to: "approved"})
	a.setTraffic(both, old, new)
	if isBad {
		a.takeBack(from, to)
	}
	a.commitAndCheck(to+" takes over", traffic)
	a.checkWeights(tokyo, map[string]string{from: "0", to: "100"})
	a.setMode(from, "live", "retiring")
	a.setTraffic([]string{to}, new, new)
	a.commitAndCheck(from+" leaves and retires", map[string]string{from: "approved", "switchover": "approved"})
	a.checkWeights(tokyo, map[string]string{to: "100"})
	a.setMode(from, "retiring", "absent")
	// It changes an input of switchover, but that plan is empty.
	a.commitAndCheck(from+" is absent", map[string]string{from: "approved", "switchover": "no-changes"})
	if remaining := a.countResources(from); !maps.Equal(remaining, map[string]int{"terraform_data": 3}) {
		a.t.Errorf("%s is absent and still has %v", from, remaining)
	}
	a.checkSynced()
	a.checkServed()
}

// setAdmit edits who reaches a side's load balancer.
func (a *account) setAdmit(side, from, to string) {
	a.t.Helper()
	a.edit("env/"+side+"/terraform.tfvars", `(?m)^(admit\s+= )"`+from+`"`, `$1"`+to+`"`)
}

// setMode edits a side's mode; a side that becomes live gets another generation.
func (a *account) setMode(side, from, to string) {
	a.t.Helper()
	file := "env/" + side + "/terraform.tfvars"
	a.edit(file, `(?m)^(mode\s+= )"`+from+`"`, `$1"`+to+`"`)
	if to == "live" {
		values := tftest.LoadValues(a.t, filepath.Join(a.repo.Work, file))
		a.raiseGeneration(file, values["generation"])
	}
}

func (a *account) raiseGeneration(file, before string) {
	a.t.Helper()
	var n int
	if err := json.Unmarshal([]byte(before), &n); err != nil {
		a.t.Fatal(err)
	}
	a.edit(file, `(?m)^(generation\s+= )\d+`, fmt.Sprintf("${1}%d", n+1))
}

// setTraffic edits which sides in Tokyo the accelerator knows, and the shares before and
// after.
func (a *account) setTraffic(sides []string, from, to map[string]int) {
	a.t.Helper()
	const file = "env/switchover/terraform.tfvars"
	a.edit(file, `(?m)^  tokyo-ap-\w = .*\n`, "")
	var lines strings.Builder
	for _, side := range slices.Sorted(slices.Values(sides)) {
		fmt.Fprintf(&lines, "  %s = { region = %q }\n", side, tokyo)
	}
	a.edit(file, `(?m)^endpoints = \{\n`, "endpoints = {\n"+lines.String())
	a.edit(file, `(?m)^(from|to) +=.*\n`, "")
	a.edit(file, `\z`, fmt.Sprintf("from = %s\nto   = %s\n", renderShares(from), renderShares(to)))
}

func renderShares(shares map[string]int) string {
	var list []string
	for _, side := range slices.Sorted(maps.Keys(shares)) {
		list = append(list, fmt.Sprintf("%s = %d", side, shares[side]))
	}
	return "{ " + strings.Join(list, ", ") + " }"
}

// checkServed: at each moment since the last check, every client was served, and none by a
// load balancer that was deleted.
func (a *account) checkServed() {
	a.t.Helper()
	history := a.aws.TrafficHistory()
	for i, after := range history[1:] {
		for _, groups := range traffic.Between(history[i], after) {
			for _, region := range []string{tokyo, osaka} {
				near := traffic.Near(region, groups)
				shares := traffic.Route(near)
				for _, g := range near {
					for _, e := range g.Endpoints {
						if e.IsAbsent && shares[e.ID] > 0 {
							a.t.Errorf("clients near %s reach a load balancer that was deleted: %+v", region, groups)
						}
					}
				}
				if shares[traffic.Failed] > 0 {
					a.t.Errorf("%v of the clients near %s are not served: %+v", shares[traffic.Failed], region, groups)
				}
			}
		}
	}
}

// checkWeights compares a Region's weights in Global Accelerator, by side.
func (a *account) checkWeights(region string, want map[string]string) {
	a.t.Helper()
	got := map[string]string{}
	for arn, weight := range a.aws.EndpointWeights(region) {
		got[arn] = fmt.Sprint(weight)
	}
	wantByARN := map[string]string{}
	for side, weight := range want {
		wantByARN[a.balancerARN(side)] = weight
	}
	if !maps.Equal(got, wantByARN) {
		a.t.Fatalf("in %s: got %v, want %v", region, got, wantByARN)
	}
}

func (a *account) balancerARN(side string) string {
	a.t.Helper()
	var output struct {
		ARN string `json:"balancer_arn"`
	}
	a.readOutput(side, "side", &output)
	return output.ARN
}

// failOver: all of Tokyo fails. Osaka takes over, using only what is in Osaka and in
// Git.
func failOver(a *account) {
	var accelerator struct {
		Listener string `json:"listener_arn"`
	}
	a.readOutput("common", "accelerator", &accelerator)
	// docs/bootstrap.md requires this beforehand.
	a.edit("env/switchover/estate.auto.tfvars", `(?m)^# (listener_arn = ).*`, `${1}"`+accelerator.Listener+`"`)
	a.commitAndCheck("the listener is written down", map[string]string{"switchover": "no-changes"})

	a.aws.FailRegion(tokyo)
	a.aws.Calls()
	values, err := os.ReadFile(filepath.Join(a.repo.Work, "env", "switchover", "dr-osaka.tfvars"))
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.repo.Work, "env", "switchover", "terraform.tfvars"), values, 0o600); err != nil {
		a.t.Fatal(err)
	}
	a.edit("env/osaka-ap/terraform.tfvars", `(?m)^  replica_of .*\n`, "")
	a.commit("Tokyo is lost")
	a.applyByHand("osaka-ap")
	a.applyByHand("switchover")
	a.checkWeights(osaka, map[string]string{"osaka-ap": "100"})
	a.checkWeights(tokyo, map[string]string{})
	if source := a.resourceAttributes("osaka-ap", "aws_db_instance")["replicate_source_db"]; source != "" {
		a.t.Errorf("Osaka's database follows %v", source)
	}
	// It takes days: the standby's webhook is enabled.
	a.edit("env/common_os/terraform.tfvars", `(?m)^(standby_egress|webhook)( +)= false`, "$1$2= true")
	a.commit("Osaka lets webhooks in")
	a.applyByHand("common_os")
	var door string
	if a.readOutput("common_os", "webhook_url", &door); !strings.HasSuffix(door, ".execute-api."+osaka+".amazonaws.com/hook/TOKEN") {
		a.t.Errorf("Backlog is to call %q", door)
	}
	for _, call := range a.aws.Calls() {
		if call.Region == tokyo {
			a.t.Errorf("Tokyo was called: %s %s", call.Service, call.Operation)
		}
	}
}

// applyByHand applies a workspace as an operator does from a clone, because the
// reconciler is lost with Tokyo.
func (a *account) applyByHand(workspace string) {
	a.t.Helper()
	clone := a.t.TempDir()
	tftest.Copy(a.t, a.repo.Work, clone)
	dir := filepath.Join(clone, "env", workspace)
	operator := a
	if workspace != "common_os" { // the simulator knows no resources of HTTP APIs
		operator = a.asOperator(workspace)
	}
	operator.runTerraform(dir, "init", "-input=false")
	operator.runTerraform(dir, "apply", "-input=false", "-auto-approve")
	operator.runTerraform(dir, "plan", "-input=false", "-detailed-exitcode") // empty, else its exit code is 2
}
