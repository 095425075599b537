package env_test

import (
	"maps"
	"net/url"
)

// healMutations: changes made outside of Terraform are found and reverted. Otherwise an
// empty plan would prove little about the emulator.
func healMutations(a *account) {
	const side = "tokyo-ap-A"
	route := a.resourceAttributes(side, "aws_route")
	a.aws.CallQuery(a.t, "ec2", tokyo, url.Values{
		"Action": {"DeleteRoute"}, "Version": {"2016-11-15"},
		"RouteTableId": {route["route_table_id"].(string)}, "DestinationCidrBlock": {route["destination_cidr_block"].(string)},
	})
	a.aws.CallQuery(a.t, "ec2", tokyo, url.Values{
		"Action": {"DeleteTags"}, "Version": {"2016-11-15"},
		"ResourceId.1": {a.resourceAttributes(side, "aws_vpc")["id"].(string)}, "Tag.1.Key": {"Owner"},
	})
	a.checkHealing(side, 1, 1)

	group := a.resourceAttributes("switchover", "aws_globalaccelerator_endpoint_group")
	a.aws.CallJSON(a.t, "globalaccelerator", "us-west-2", "GlobalAccelerator_V20180706.UpdateEndpointGroup", map[string]any{
		"EndpointGroupArn": group["arn"], "TrafficDialPercentage": 50,
	})
	// What is live is not where a rollout starts, so it is brought back at once.
	a.checkPass(a.runReconcile("drift", "switchover"), "switchover", "drifted", 0, 1)
	a.settle("--replan", "switchover")
	a.applyAtOnce("the dial is what Git says")
	a.checkPass(a.runReconcile("drift", "switchover"), "switchover", "no-changes", 0, 0)
	a.checkUnchanged(side, "switchover")
}

// checkHealing expects a drift check to find this number of resources to add and to
// change in the workspace, and a pass to revert them.
func (a *account) checkHealing(workspace string, add, change int) {
	a.t.Helper()
	a.checkPass(a.runReconcile("drift", workspace), workspace, "drifted", add, change)
	a.checkPass(a.settle("--replan", workspace), workspace, "applied", add, change)
	a.checkPass(a.runReconcile("drift", workspace), workspace, "no-changes", 0, 0)
}

func (a *account) checkPass(p *passResult, workspace, outcome string, add, change int) {
	a.t.Helper()
	if got := p.outcomes(); !maps.Equal(got, map[string]string{workspace: outcome}) {
		a.t.Fatalf("%s: %v, want %s", workspace, got, outcome)
	}
	for _, w := range p.Workspaces {
		if w.Name == workspace && (w.Changes.Add != add || w.Changes.Change != change || w.Changes.Destroy+w.Changes.Replace != 0) {
			a.t.Errorf("%s: %+v, want %d to add and %d to change:\n%s", workspace, w.Changes, add, change, a.plannedResources(p))
		}
	}
}

// resourceAttributes returns the attributes of the first instance of a type in a
// workspace's state.
func (a *account) resourceAttributes(workspace, kind string) map[string]any {
	a.t.Helper()
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []struct{ Attributes map[string]any }
		}
	}
	a.readState(workspace, &state)
	for _, r := range state.Resources {
		if r.Mode == "managed" && r.Type == kind && len(r.Instances) > 0 {
			return r.Instances[0].Attributes
		}
	}
	a.t.Fatalf("%s has no %s", workspace, kind)
	return nil
}
