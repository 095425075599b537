package env_test

import (
	"encoding/json"
	"fmt"
	"maps"
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
		a.checkMoments(history[i], after)
	}
}

// checkServedInAnyOrder does what checkServed does after one apply, which writes the groups in
// any order. Nobody in the lost Region is healthy.
func (a *account) checkServedInAnyOrder(lost string) {
	a.t.Helper()
	history := a.aws.TrafficHistory()
	for _, groups := range history {
		for _, g := range groups {
			for i := range g.Endpoints {
				g.Endpoints[i].IsUnhealthy = g.Region == lost
			}
		}
	}
	a.checkMoments(history[0], history[len(history)-1])
}

// checkMoments checks all that edges may see between two moments.
func (a *account) checkMoments(before, after []traffic.Group) {
	a.t.Helper()
	for _, groups := range traffic.ListTransitions(before, after) {
		for _, region := range []string{tokyo, osaka} {
			near := traffic.SortByDistance(region, groups)
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
