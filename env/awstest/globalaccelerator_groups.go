package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Listeners and endpoint groups of Global Accelerator.

func (g *accelerators) createListener(c *call, in map[string]any) *answer {
	return g.find(c, "Accelerator", in, func(a map[string]any) *answer {
		g.made++
		arn := fmt.Sprintf("%s/listener/%08x", id(a, "Accelerator"), g.made)
		l := map[string]any{"ListenerArn": arn, "ClientAffinity": "NONE"}
		merge(l, in, "PortRanges", "Protocol", "ClientAffinity")
		if len(list(l["PortRanges"])) == 0 {
			return c.refuse("InvalidPortRangeException", "a listener has ports")
		}
		g.listeners[arn] = l
		return g.changed(arn, map[string]any{"Listener": l})
	})
}

func (g *accelerators) listener(c *call, in, l map[string]any) *answer {
	arn := id(l, "Listener")
	switch c.operation {
	case "DescribeListener":
		return reply(map[string]any{"Listener": l})
	case "UpdateListener":
		merge(l, in, "PortRanges", "Protocol", "ClientAffinity")
	case "DeleteListener":
		if hasChild(g.groups, arn) {
			return c.refuse("AssociatedEndpointGroupFoundException", "%s has an endpoint group", arn)
		}
		delete(g.listeners, arn)
	}
	return g.changed(arn, map[string]any{"Listener": l})
}

// changed begins the deployment that every change sets off.
func (g *accelerators) changed(arn string, told any) *answer {
	accelerator, _, _ := strings.Cut(arn, "/listener/")
	g.deploying[accelerator] = true
	return reply(told)
}

func (g *accelerators) createGroup(c *call, in map[string]any, moto func(*call) *answer) *answer {
	return g.find(c, "Listener", in, func(l map[string]any) *answer {
		region := fmt.Sprint(in["EndpointGroupRegion"])
		for arn, other := range g.groups {
			// "An AWS Region can have only one endpoint group for a specific
			// listener" (EndpointGroup).
			if strings.HasPrefix(arn, id(l, "Listener")+"/") && other["EndpointGroupRegion"] == region {
				return c.refuse("EndpointGroupAlreadyExistsException", "%s has a group in %s: %s", id(l, "Listener"), region, arn)
			}
		}
		g.made++
		arn := fmt.Sprintf("%s/endpoint-group/%012x", id(l, "Listener"), g.made)
		group := map[string]any{
			"EndpointGroupArn": arn, "EndpointGroupRegion": region, "EndpointDescriptions": []any{},
			"TrafficDialPercentage": json.Number("100"), "HealthCheckProtocol": "TCP",
			"HealthCheckPort":            list(l["PortRanges"])[0].(map[string]any)["FromPort"],
			"HealthCheckIntervalSeconds": json.Number("30"), "ThresholdCount": json.Number("3"), "PortOverrides": []any{},
		}
		if refused := g.setGroup(c, group, in, moto); refused != nil {
			return refused
		}
		g.groups[arn] = group
		return g.changed(arn, map[string]any{"EndpointGroup": group})
	})
}

func (g *accelerators) group(c *call, in, group map[string]any, moto func(*call) *answer) *answer {
	arn := id(group, "EndpointGroup")
	switch c.operation {
	case "DescribeEndpointGroup":
		return reply(map[string]any{"EndpointGroup": group})
	case "UpdateEndpointGroup":
		if refused := g.setGroup(c, group, in, moto); refused != nil {
			return refused
		}
	case "DeleteEndpointGroup":
		delete(g.groups, arn)
	}
	return g.changed(arn, map[string]any{"EndpointGroup": group})
}

// setGroup takes over what is given. Endpoints are a whole list: those left
// out are removed.
func (g *accelerators) setGroup(c *call, group, in map[string]any, moto func(*call) *answer) *answer {
	if dial := or(in["TrafficDialPercentage"], json.Number("100")); !within(dial, 0, 100) {
		return c.refuse("InvalidArgumentException", "TrafficDialPercentage %v is not within 0 and 100", dial)
	}
	if given, ok := in["EndpointConfigurations"]; ok {
		endpoints, refused := g.endpoints(c, group, list(given), moto)
		if refused != nil {
			return refused
		}
		group["EndpointDescriptions"] = endpoints
	}
	merge(group, in, "TrafficDialPercentage", "HealthCheckPort", "HealthCheckProtocol", "HealthCheckPath",
		"HealthCheckIntervalSeconds", "ThresholdCount", "PortOverrides")
	return nil
}

func (g *accelerators) endpoints(c *call, group map[string]any, given []any, moto func(*call) *answer) ([]any, *answer) {
	// "Endpoints per endpoint group: 10" (Developer Guide, "Quotas").
	if len(given) > 10 {
		return nil, c.refuse("LimitExceededException", "%d endpoints in a group", len(given))
	}
	before := map[any]bool{}
	for _, e := range list(group["EndpointDescriptions"]) {
		before[e.(map[string]any)["EndpointId"]] = true
	}
	described := []any{}
	for _, item := range given {
		e := item.(map[string]any)
		weight := or(e["Weight"], json.Number("128"))
		if !within(weight, 0, 255) {
			return nil, c.refuse("InvalidArgumentException", "weight %v is not within 0 and 255", weight)
		}
		// "A resource must be valid and active when you add it as an endpoint"
		// (EndpointConfiguration).
		region := group["EndpointGroupRegion"].(string)
		if name := e["EndpointId"].(string); !before[name] && !balancerIsThere(c, region, name, moto) {
			return nil, c.refuse("InvalidArgumentException", "there is no load balancer %s in %s", name, region)
		}
		described = append(described, map[string]any{
			"EndpointId": e["EndpointId"], "Weight": weight, "HealthState": "HEALTHY",
			"ClientIPPreservationEnabled": or(e["ClientIPPreservationEnabled"], true),
		})
	}
	return described, nil
}

func within(v any, low, high float64) bool {
	number, ok := v.(json.Number)
	n, err := number.Float64()
	return ok && err == nil && n >= low && n <= high
}

func balancerIsThere(c *call, region, arn string, moto func(*call) *answer) bool {
	asked := *c
	asked.service, asked.region, asked.operation = "elasticloadbalancing", region, "DescribeLoadBalancers"
	asked.header = signedFor("elasticloadbalancing", region)
	asked.header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked.body = []byte("Action=DescribeLoadBalancers&Version=2015-12-01&LoadBalancerArns.member.1=" + arn)
	got := moto(&asked)
	return got.status == http.StatusOK && strings.Contains(string(got.body), arn)
}

// Weights are those of a Region's endpoints, by their ids.
func (s *Server) Weights(region string) map[string]string {
	s.accelerators.mu.Lock()
	defer s.accelerators.mu.Unlock()
	weights := map[string]string{}
	for _, group := range s.accelerators.groups {
		if group["EndpointGroupRegion"] == region {
			for _, e := range list(group["EndpointDescriptions"]) {
				endpoint := e.(map[string]any)
				weights[text(endpoint["EndpointId"])] = fmt.Sprint(endpoint["Weight"])
			}
		}
	}
	return weights
}
