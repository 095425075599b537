package awstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// accelerators is Global Accelerator, of which moto has nothing: the calls
// that Terraform's provider makes for accelerators, listeners and endpoint
// groups, with the rules and errors of the AWS Global Accelerator API
// Reference (version 2018-08-08), where each is named as here.
type accelerators struct {
	mu sync.Mutex
	// Things by ARN, as the API describes them: map[string]any all the way
	// down, since that is what goes in and out.
	accelerators, listeners, groups map[string]map[string]any
	attributes                      map[string]map[string]any
	tags                            map[string]map[string]string
	// Accelerators that were changed, and whose status has not been read
	// since: AWS needs minutes there.
	deploying map[string]bool
	made      int
}

func newAccelerators() *accelerators {
	return &accelerators{
		accelerators: map[string]map[string]any{}, listeners: map[string]map[string]any{}, groups: map[string]map[string]any{},
		attributes: map[string]map[string]any{}, tags: map[string]map[string]string{}, deploying: map[string]bool{},
	}
}

func (g *accelerators) serve(c *call, moto func(*call) *answer) *answer {
	// "You must specify the US West (Oregon) Region" (CreateAccelerator).
	if c.region != "us-west-2" {
		return c.refuse("InvalidArgumentException", "Global Accelerator is to be asked in us-west-2, not %s", c.region)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	in := c.object()
	switch c.operation {
	case "CreateAccelerator":
		return g.createAccelerator(in)
	case "DescribeAccelerator":
		return g.described(c, in)
	case "UpdateAccelerator", "UpdateAcceleratorAttributes", "DeleteAccelerator":
		return g.changeAccelerator(c, in)
	case "DescribeAcceleratorAttributes":
		return g.find(c, "Accelerator", in, func(a map[string]any) *answer {
			return reply(map[string]any{"AcceleratorAttributes": g.attributes[id(a, "Accelerator")]})
		})
	case "CreateListener":
		return g.createListener(c, in)
	case "DescribeListener", "UpdateListener", "DeleteListener":
		return g.find(c, "Listener", in, func(l map[string]any) *answer { return g.listener(c, in, l) })
	case "CreateEndpointGroup":
		return g.createGroup(c, in, moto)
	case "DescribeEndpointGroup", "UpdateEndpointGroup", "DeleteEndpointGroup":
		return g.find(c, "EndpointGroup", in, func(group map[string]any) *answer { return g.group(c, in, group, moto) })
	case "ListTagsForResource", "TagResource", "UntagResource":
		return g.tag(c, in)
	case "ListCrossAccountResources":
		return reply(map[string]any{"CrossAccountResources": []any{}})
	}
	return c.refuse("NotImplemented", "awstest does not do %s of Global Accelerator", c.operation)
}

func id(thing map[string]any, kind string) string {
	arn, _ := thing[kind+"Arn"].(string)
	return arn
}

// find looks up what the call is about.
func (g *accelerators) find(c *call, kind string, in map[string]any, do func(map[string]any) *answer) *answer {
	things := map[string]map[string]map[string]any{"Accelerator": g.accelerators, "Listener": g.listeners, "EndpointGroup": g.groups}[kind]
	thing := things[id(in, kind)]
	if thing == nil {
		return c.refuse(kind+"NotFoundException", "%s is not there", id(in, kind))
	}
	return do(thing)
}

func (g *accelerators) createAccelerator(in map[string]any) *answer {
	made := newID()
	arn := "arn:aws:globalaccelerator::" + Account + ":accelerator/" + made
	g.made++
	a := map[string]any{
		"AcceleratorArn": arn, "Name": in["Name"], "Enabled": or(in["Enabled"], true),
		"IpAddressType": or(in["IpAddressType"], "IPV4"),
		"DnsName":       "a" + strings.ReplaceAll(made, "-", "")[:16] + ".awsglobalaccelerator.com",
		"IpSets": []any{map[string]any{
			"IpFamily": "IPv4", "IpAddressFamily": "IPv4",
			"IpAddresses": []any{fmt.Sprintf("192.0.2.%d", g.made), fmt.Sprintf("198.51.100.%d", g.made)},
		}},
	}
	g.accelerators[arn] = a
	g.attributes[arn] = map[string]any{"FlowLogsEnabled": false}
	g.retag(arn, in["Tags"])
	g.deploying[arn] = true
	return reply(map[string]any{"Accelerator": g.withStatus(a)})
}

func (g *accelerators) withStatus(a map[string]any) map[string]any {
	told := maps.Clone(a)
	told["Status"] = "DEPLOYED"
	if g.deploying[id(a, "Accelerator")] {
		told["Status"] = "IN_PROGRESS"
	}
	return told
}

// described tells the status; what was in progress is done when it is asked
// for again.
func (g *accelerators) described(c *call, in map[string]any) *answer {
	return g.find(c, "Accelerator", in, func(a map[string]any) *answer {
		told := g.withStatus(a)
		delete(g.deploying, id(a, "Accelerator"))
		return reply(map[string]any{"Accelerator": told})
	})
}

func (g *accelerators) changeAccelerator(c *call, in map[string]any) *answer {
	return g.find(c, "Accelerator", in, func(a map[string]any) *answer {
		arn := id(a, "Accelerator")
		if g.deploying[arn] {
			return c.refuse("TransactionInProgressException", "%s is still being deployed", arn)
		}
		switch c.operation {
		case "UpdateAccelerator":
			merge(a, in, "Name", "IpAddressType", "Enabled")
		case "UpdateAcceleratorAttributes":
			attributes := g.attributes[arn]
			merge(attributes, in, "FlowLogsEnabled", "FlowLogsS3Bucket", "FlowLogsS3Prefix")
			if attributes["FlowLogsEnabled"] == true && (attributes["FlowLogsS3Bucket"] == nil || attributes["FlowLogsS3Prefix"] == nil) {
				return c.refuse("InvalidArgumentException", "flow logs need a bucket and a prefix")
			}
		case "DeleteAccelerator":
			if a["Enabled"] == true {
				return c.refuse("AcceleratorNotDisabledException", "%s is enabled", arn)
			}
			if hasChild(g.listeners, arn) {
				return c.refuse("AssociatedListenerFoundException", "%s has a listener", arn)
			}
			delete(g.accelerators, arn)
			return reply(map[string]any{})
		}
		g.deploying[arn] = true
		return reply(map[string]any{"Accelerator": g.withStatus(a), "AcceleratorAttributes": g.attributes[arn]})
	})
}

// hasChild says whether something is below that ARN, of which its own begins.
func hasChild(things map[string]map[string]any, parent string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(things)), func(arn string) bool { return strings.HasPrefix(arn, parent+"/") })
}

func (g *accelerators) tag(c *call, in map[string]any) *answer {
	arn, _ := in["ResourceArn"].(string)
	if g.accelerators[arn] == nil {
		return c.refuse("AcceleratorNotFoundException", "%s is not there: only accelerators have tags", arn)
	}
	switch c.operation {
	case "TagResource":
		g.retag(arn, in["Tags"])
	case "UntagResource":
		for _, key := range list(in["TagKeys"]) {
			delete(g.tags[arn], key.(string))
		}
	}
	return reply(map[string]any{"Tags": asTags(g.tags[arn])})
}

func (g *accelerators) retag(arn string, tags any) {
	if g.tags[arn] == nil {
		g.tags[arn] = map[string]string{}
	}
	maps.Copy(g.tags[arn], tagsOf(tags))
}
