package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// Listeners and endpoint groups of Global Accelerator.

func (g *accelerators) createListener(c *call, in map[string]any) *response {
	return g.withThing(c, "Accelerator", in, func(a map[string]any) *response {
		g.created++
		arn := fmt.Sprintf("%s/listener/%08x", arnOf(a, "Accelerator"), g.created)
		l := map[string]any{"ListenerArn": arn, "ClientAffinity": "NONE"}
		copyMembers(l, in, "PortRanges", "Protocol", "ClientAffinity")
		if len(asList(l["PortRanges"])) == 0 {
			return c.errorResponse("InvalidPortRangeException", "a listener has ports")
		}
		g.listeners[arn] = l
		return g.deploy(arn, map[string]any{"Listener": l})
	})
}

func (g *accelerators) serveListener(c *call, in, l map[string]any) *response {
	arn := arnOf(l, "Listener")
	switch c.operation {
	case "DescribeListener":
		return jsonResponse(map[string]any{"Listener": l})
	case "UpdateListener":
		copyMembers(l, in, "PortRanges", "Protocol", "ClientAffinity")
	case "DeleteListener":
		if hasChild(g.groups, arn) {
			return c.errorResponse("AssociatedEndpointGroupFoundException", "%s has an endpoint group", arn)
		}
		delete(g.listeners, arn)
	}
	return g.deploy(arn, map[string]any{"Listener": l})
}

// deploy starts the deployment that follows each change.
func (g *accelerators) deploy(arn string, result any) *response {
	accelerator, _, _ := strings.Cut(arn, "/listener/")
	g.deploying[accelerator] = true
	g.history = append(g.history, g.trafficGroups())
	return jsonResponse(result)
}

func (g *accelerators) createGroup(c *call, in map[string]any, moto func(*call) *response) *response {
	return g.withThing(c, "Listener", in, func(l map[string]any) *response {
		region := fmt.Sprint(in["EndpointGroupRegion"])
		for arn, sibling := range g.groups {
			// "An AWS Region can have only one endpoint group for a specific
			// listener" (EndpointGroup).
			if strings.HasPrefix(arn, arnOf(l, "Listener")+"/") && sibling["EndpointGroupRegion"] == region {
				return c.errorResponse("EndpointGroupAlreadyExistsException", "%s has a group in %s: %s", arnOf(l, "Listener"), region, arn)
			}
		}
		g.created++
		arn := fmt.Sprintf("%s/endpoint-group/%012x", arnOf(l, "Listener"), g.created)
		group := map[string]any{
			"EndpointGroupArn": arn, "EndpointGroupRegion": region, "EndpointDescriptions": []any{},
			"TrafficDialPercentage": json.Number("100"), "HealthCheckProtocol": "TCP",
			"HealthCheckPort":            asList(l["PortRanges"])[0].(map[string]any)["FromPort"],
			"HealthCheckIntervalSeconds": json.Number("30"), "ThresholdCount": json.Number("3"), "PortOverrides": []any{},
		}
		if refused := g.updateGroup(c, group, in, moto); refused != nil {
			return refused
		}
		g.groups[arn] = group
		return g.deploy(arn, map[string]any{"EndpointGroup": group})
	})
}

func (g *accelerators) serveGroup(c *call, in, group map[string]any, moto func(*call) *response) *response {
	arn := arnOf(group, "EndpointGroup")
	switch c.operation {
	case "DescribeEndpointGroup":
		return jsonResponse(map[string]any{"EndpointGroup": group})
	case "UpdateEndpointGroup":
		if refused := g.updateGroup(c, group, in, moto); refused != nil {
			return refused
		}
	case "DeleteEndpointGroup":
		delete(g.groups, arn)
	}
	return g.deploy(arn, map[string]any{"EndpointGroup": group})
}

// updateGroup sets the given members. The list of endpoints is replaced: missing
// endpoints are removed.
func (g *accelerators) updateGroup(c *call, group, in map[string]any, moto func(*call) *response) *response {
	if dial := orDefault(in["TrafficDialPercentage"], json.Number("100")); !isWithin(dial, 0, 100) {
		return c.errorResponse("InvalidArgumentException", "TrafficDialPercentage %v is not within 0 and 100", dial)
	}
	if configurations, ok := in["EndpointConfigurations"]; ok {
		endpoints, refused := g.describeEndpoints(c, group, asList(configurations), moto)
		if refused != nil {
			return refused
		}
		group["EndpointDescriptions"] = endpoints
	}
	copyMembers(group, in, "TrafficDialPercentage", "HealthCheckPort", "HealthCheckProtocol", "HealthCheckPath",
		"HealthCheckIntervalSeconds", "ThresholdCount", "PortOverrides")
	return nil
}

func (g *accelerators) describeEndpoints(c *call, group map[string]any, configurations []any, moto func(*call) *response) ([]any, *response) {
	// "Endpoints per endpoint group: 10" (Developer Guide, "Quotas").
	if len(configurations) > 10 {
		return nil, c.errorResponse("LimitExceededException", "%d endpoints in a group", len(configurations))
	}
	current := map[any]bool{}
	for _, e := range asList(group["EndpointDescriptions"]) {
		current[e.(map[string]any)["EndpointId"]] = true
	}
	described := []any{}
	for _, item := range configurations {
		e := item.(map[string]any)
		weight := orDefault(e["Weight"], json.Number("128"))
		if !isWithin(weight, 0, 255) {
			return nil, c.errorResponse("InvalidArgumentException", "weight %v is not within 0 and 255", weight)
		}
		// "A resource must be valid and active when you add it as an endpoint"
		// (EndpointConfiguration).
		region := group["EndpointGroupRegion"].(string)
		preserved := orDefault(e["ClientIPPreservationEnabled"], true)
		if name := e["EndpointId"].(string); !current[name] {
			vpc := vpcOfBalancer(region, name, moto)
			if vpc == "" {
				return nil, c.errorResponse("InvalidArgumentException", "there is no load balancer %s in %s", name, region)
			}
			g.vpcs[name] = vpc
			if preserved == true {
				createAcceleratorGroup(region, vpc, moto)
			}
		}
		described = append(described, map[string]any{
			"EndpointId": e["EndpointId"], "Weight": weight, "HealthState": "HEALTHY", "ClientIPPreservationEnabled": preserved,
		})
	}
	return described, nil
}

func isWithin(v any, low, high float64) bool {
	number, ok := v.(json.Number)
	n, err := number.Float64()
	return ok && err == nil && n >= low && n <= high
}

var balancerVPC = regexp.MustCompile(`<VpcId>([^<]+)</VpcId>`)

// vpcOfBalancer returns the VPC of a load balancer, or "" if there is none.
func vpcOfBalancer(region, arn string, moto func(*call) *response) string {
	got := moto(newQueryCall("elasticloadbalancing", region, url.Values{
		"Action": {"DescribeLoadBalancers"}, "Version": {"2015-12-01"}, "LoadBalancerArns.member.1": {arn},
	}))
	if m := balancerVPC.FindSubmatch(got.body); m != nil && got.status == http.StatusOK && strings.Contains(string(got.body), arn) {
		return string(m[1])
	}
	return ""
}

// createAcceleratorGroup makes the security group of the accelerator's network interfaces
// if the VPC has none yet ("Best practices for ENIs and security groups with client IP
// address preservation": "Global Accelerator creates a security group"; its name is in
// the provider's page of aws_globalaccelerator_endpoint_group).
func createAcceleratorGroup(region, vpc string, moto func(*call) *response) {
	moto(newQueryCall("ec2", region, url.Values{
		"Action": {"CreateSecurityGroup"}, "Version": {"2016-11-15"}, "VpcId": {vpc},
		"GroupName": {acceleratorGroup}, "GroupDescription": {"GlobalAccelerator configured SecurityGroup"},
	}))
}

// hasEndpointIn reports whether an endpoint group has a load balancer of the VPC.
func (g *accelerators) hasEndpointIn(vpc string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, group := range g.groups {
		for _, e := range asList(group["EndpointDescriptions"]) {
			if g.vpcs[asString(e.(map[string]any)["EndpointId"])] == vpc {
				return true
			}
		}
	}
	return false
}
