package awstest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"reconcile/env/awstest/traffic"
)

// What the endpoint groups hold, for tests.

// EndpointWeights returns the weights of a Region's endpoints by endpoint id.
func (s *Server) EndpointWeights(region string) map[string]string {
	s.accelerators.mu.Lock()
	defer s.accelerators.mu.Unlock()
	weights := map[string]string{}
	for _, group := range s.accelerators.groups {
		if group["EndpointGroupRegion"] == region {
			for _, e := range asList(group["EndpointDescriptions"]) {
				endpoint := e.(map[string]any)
				weights[asString(endpoint["EndpointId"])] = fmt.Sprint(endpoint["Weight"])
			}
		}
	}
	return weights
}

// TrafficHistory returns the endpoint groups as they are now, and after each change since the
// last call: the oldest first, and at least one.
func (s *Server) TrafficHistory() [][]traffic.Group {
	g := s.accelerators
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.trafficGroups()
	history := append(g.history, now)
	g.history = [][]traffic.Group{now}
	return history
}

// trafficGroups returns the endpoint groups for the simulation of traffic.
func (g *accelerators) trafficGroups() []traffic.Group {
	var groups []traffic.Group
	for _, group := range g.groups {
		one := traffic.Group{Region: asString(group["EndpointGroupRegion"])}
		one.Dial, _ = group["TrafficDialPercentage"].(json.Number).Float64()
		for _, item := range asList(group["EndpointDescriptions"]) {
			e := item.(map[string]any)
			weight, _ := e["Weight"].(json.Number).Int64()
			id := asString(e["EndpointId"])
			one.Endpoints = append(one.Endpoints, traffic.Endpoint{ID: id, Weight: int(weight), IsAbsent: g.absent[id]})
		}
		groups = append(groups, one)
	}
	return groups
}

// watchBalancers remembers the load balancers that are deleted: Elastic Load Balancing does
// not ask whether one is an endpoint.
func (g *accelerators) watchBalancers(c *call, moto func(*call) *response) *response {
	got := moto(c)
	if c.operation == "DeleteLoadBalancer" && got.status < http.StatusBadRequest {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.absent[c.form().Get("LoadBalancerArn")] = true
		g.history = append(g.history, g.trafficGroups())
	}
	return got
}
