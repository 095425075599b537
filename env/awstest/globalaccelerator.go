package awstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"reconcile/env/awstest/traffic"
)

// accelerators implements Global Accelerator, which moto lacks: the calls that
// Terraform's provider makes for accelerators, listeners and endpoint groups. The rules
// and errors follow the AWS Global Accelerator API Reference (version 2018-08-08), which
// uses the same names.
type accelerators struct {
	mu sync.Mutex
	// Objects by ARN, in the form of the API, which is also that of calls and
	// responses.
	accelerators, listeners, groups map[string]map[string]any
	attributes                      map[string]map[string]any
	tags                            map[string]map[string]string
	// Accelerators that were changed and whose status was not read since. In AWS a
	// deployment takes minutes.
	deploying map[string]bool
	created   int
	vpcs      map[string]string // by endpoint id
	// Load balancers that were deleted while they were endpoints, by ARN.
	absent  map[string]bool
	history [][]traffic.Group // after each change of a group, the oldest first
}

func newAccelerators() *accelerators {
	return &accelerators{
		accelerators: map[string]map[string]any{}, listeners: map[string]map[string]any{}, groups: map[string]map[string]any{},
		attributes: map[string]map[string]any{}, tags: map[string]map[string]string{}, deploying: map[string]bool{},
		vpcs: map[string]string{}, absent: map[string]bool{},
	}
}

func (g *accelerators) serve(c *call, moto func(*call) *response) *response {
	// "You must specify the US West (Oregon) Region" (CreateAccelerator).
	if c.region != "us-west-2" {
		return c.errorResponse("InvalidArgumentException", "Global Accelerator is to be asked in us-west-2, not %s", c.region)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	in := c.bodyObject()
	switch c.operation {
	case "CreateAccelerator":
		return g.createAccelerator(c, in)
	case "DescribeAccelerator":
		return g.describeAccelerator(c, in)
	case "UpdateAccelerator", "UpdateAcceleratorAttributes", "DeleteAccelerator":
		return g.changeAccelerator(c, in)
	case "DescribeAcceleratorAttributes":
		return g.withThing(c, "Accelerator", in, func(a map[string]any) *response {
			return jsonResponse(map[string]any{"AcceleratorAttributes": g.attributes[arnOf(a, "Accelerator")]})
		})
	case "CreateListener":
		return g.createListener(c, in)
	case "DescribeListener", "UpdateListener", "DeleteListener":
		return g.withThing(c, "Listener", in, func(l map[string]any) *response { return g.serveListener(c, in, l) })
	case "CreateEndpointGroup":
		return g.createGroup(c, in, moto)
	case "DescribeEndpointGroup", "UpdateEndpointGroup", "DeleteEndpointGroup":
		return g.withThing(c, "EndpointGroup", in, func(group map[string]any) *response { return g.serveGroup(c, in, group, moto) })
	case "ListTagsForResource", "TagResource", "UntagResource":
		return g.serveTags(c, in)
	case "ListCrossAccountResources":
		return jsonResponse(map[string]any{"CrossAccountResources": []any{}})
	}
	return c.errorResponse("NotImplemented", "awstest does not do %s of Global Accelerator", c.operation)
}

func arnOf(thing map[string]any, kind string) string {
	arn, _ := thing[kind+"Arn"].(string)
	return arn
}

// withThing looks up the object of the call.
func (g *accelerators) withThing(c *call, kind string, in map[string]any, do func(map[string]any) *response) *response {
	things := map[string]map[string]map[string]any{"Accelerator": g.accelerators, "Listener": g.listeners, "EndpointGroup": g.groups}[kind]
	thing := things[arnOf(in, kind)]
	if thing == nil {
		return c.errorResponse(kind+"NotFoundException", "%s is not there", arnOf(in, kind))
	}
	return do(thing)
}

func (g *accelerators) createAccelerator(c *call, in map[string]any) *response {
	uuid := newID()
	arn := "arn:aws:globalaccelerator::" + c.account + ":accelerator/" + uuid
	g.created++
	a := map[string]any{
		"AcceleratorArn": arn, "Name": in["Name"], "Enabled": orDefault(in["Enabled"], true),
		"IpAddressType": orDefault(in["IpAddressType"], "IPV4"),
		"DnsName":       "a" + strings.ReplaceAll(uuid, "-", "")[:16] + ".awsglobalaccelerator.com",
		"IpSets": []any{map[string]any{
			"IpFamily": "IPv4", "IpAddressFamily": "IPv4",
			"IpAddresses": []any{fmt.Sprintf("192.0.2.%d", g.created), fmt.Sprintf("198.51.100.%d", g.created)},
		}},
	}
	g.accelerators[arn] = a
	g.attributes[arn] = map[string]any{"FlowLogsEnabled": false}
	g.addTags(arn, in["Tags"])
	g.deploying[arn] = true
	return jsonResponse(map[string]any{"Accelerator": g.describeStatus(a)})
}

func (g *accelerators) describeStatus(a map[string]any) map[string]any {
	result := maps.Clone(a)
	result["Status"] = "DEPLOYED"
	if g.deploying[arnOf(a, "Accelerator")] {
		result["Status"] = "IN_PROGRESS"
	}
	return result
}

// describeAccelerator returns the status. A deployment in progress is done at the next
// call.
func (g *accelerators) describeAccelerator(c *call, in map[string]any) *response {
	return g.withThing(c, "Accelerator", in, func(a map[string]any) *response {
		result := g.describeStatus(a)
		delete(g.deploying, arnOf(a, "Accelerator"))
		return jsonResponse(map[string]any{"Accelerator": result})
	})
}

func (g *accelerators) changeAccelerator(c *call, in map[string]any) *response {
	return g.withThing(c, "Accelerator", in, func(a map[string]any) *response {
		arn := arnOf(a, "Accelerator")
		if g.deploying[arn] {
			return c.errorResponse("TransactionInProgressException", "%s is still being deployed", arn)
		}
		switch c.operation {
		case "UpdateAccelerator":
			copyMembers(a, in, "Name", "IpAddressType", "Enabled")
		case "UpdateAcceleratorAttributes":
			attributes := g.attributes[arn]
			copyMembers(attributes, in, "FlowLogsEnabled", "FlowLogsS3Bucket", "FlowLogsS3Prefix")
			if attributes["FlowLogsEnabled"] == true && (attributes["FlowLogsS3Bucket"] == nil || attributes["FlowLogsS3Prefix"] == nil) {
				return c.errorResponse("InvalidArgumentException", "flow logs need a bucket and a prefix")
			}
		case "DeleteAccelerator":
			if a["Enabled"] == true {
				return c.errorResponse("AcceleratorNotDisabledException", "%s is enabled", arn)
			}
			if hasChild(g.listeners, arn) {
				return c.errorResponse("AssociatedListenerFoundException", "%s has a listener", arn)
			}
			delete(g.accelerators, arn)
			return jsonResponse(map[string]any{})
		}
		g.deploying[arn] = true
		return jsonResponse(map[string]any{"Accelerator": g.describeStatus(a), "AcceleratorAttributes": g.attributes[arn]})
	})
}

// hasChild reports whether there is an object whose ARN begins with the parent's.
func hasChild(things map[string]map[string]any, parent string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(things)), func(arn string) bool { return strings.HasPrefix(arn, parent+"/") })
}

func (g *accelerators) serveTags(c *call, in map[string]any) *response {
	arn, _ := in["ResourceArn"].(string)
	if g.accelerators[arn] == nil {
		return c.errorResponse("AcceleratorNotFoundException", "%s is not there: only accelerators have tags", arn)
	}
	switch c.operation {
	case "TagResource":
		g.addTags(arn, in["Tags"])
	case "UntagResource":
		for _, key := range asList(in["TagKeys"]) {
			delete(g.tags[arn], key.(string))
		}
	}
	return jsonResponse(map[string]any{"Tags": toTags(g.tags[arn])})
}

func (g *accelerators) addTags(arn string, tags any) {
	if g.tags[arn] == nil {
		g.tags[arn] = map[string]string{}
	}
	maps.Copy(g.tags[arn], tagsOf(tags))
}
