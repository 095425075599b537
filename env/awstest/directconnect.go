package awstest

import (
	"strings"
	"sync"
)

// connections is AWS Direct Connect, of which moto has connections alone:
// gateways, what they are associated with, and virtual interfaces that another
// account has made for this one (AWS Direct Connect API Reference, 2012-10-25).
type connections struct {
	mu                                 sync.Mutex
	gateways, associations, interfaces map[string]map[string]any // by id
	tags                               map[string]map[string]string
}

func newConnections() *connections {
	return &connections{
		gateways: map[string]map[string]any{}, associations: map[string]map[string]any{}, interfaces: map[string]map[string]any{},
		tags: map[string]map[string]string{},
	}
}

// Interface is there from now on: a private virtual interface that another
// account has made, and that waits to be accepted.
func (s *Server) Interface(id string) {
	s.connections.mu.Lock()
	defer s.connections.mu.Unlock()
	s.connections.interfaces[id] = map[string]any{
		"virtualInterfaceId": id, "virtualInterfaceType": "private", "virtualInterfaceState": "confirming", "ownerAccount": Account,
	}
}

func (d *connections) serve(c *call, moto func(*call) *answer) *answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := c.object()
	switch {
	case strings.Contains(c.operation, "GatewayAssociation"):
		return d.association(c, in)
	case strings.Contains(c.operation, "DirectConnectGateway"):
		return d.gateway(c, in)
	case strings.Contains(c.operation, "VirtualInterface"):
		return d.virtual(c, in)
	case strings.HasSuffix(c.operation, "Tags") || strings.HasSuffix(c.operation, "Resource"):
		return d.tag(c, in)
	}
	return moto(c)
}

// described lists what has that id, if it is there: Describe operations answer
// an unknown id with an empty list.
func described(member string, things map[string]map[string]any, id any) *answer {
	found := []any{}
	if thing := things[text(id)]; thing != nil {
		found = append(found, thing)
	}
	return reply(map[string]any{member: found})
}

func (d *connections) gateway(c *call, in map[string]any) *answer {
	if c.operation == "DescribeDirectConnectGateways" {
		return described("directConnectGateways", d.gateways, in["directConnectGatewayId"])
	}
	if c.operation == "CreateDirectConnectGateway" {
		id := newID()
		d.gateways[id] = map[string]any{
			"directConnectGatewayId": id, "directConnectGatewayName": in["directConnectGatewayName"],
			"amazonSideAsn": or(in["amazonSideAsn"], 64512), "ownerAccount": Account, "directConnectGatewayState": "available",
		}
		d.retag("arn:aws:directconnect::"+Account+":dx-gateway/"+id, in["tags"])
		d.gateways[id]["tags"] = in["tags"]
		return reply(map[string]any{"directConnectGateway": d.gateways[id]})
	}
	gateway := d.gateways[text(in["directConnectGatewayId"])]
	switch {
	case gateway == nil:
		return c.refuse("DirectConnectClientException", "gateway %v does not exist", in["directConnectGatewayId"])
	case c.operation == "UpdateDirectConnectGateway":
		gateway["directConnectGatewayName"] = in["newDirectConnectGatewayName"]
	case c.operation == "DeleteDirectConnectGateway":
		for _, a := range d.associations {
			if a["directConnectGatewayId"] == gateway["directConnectGatewayId"] {
				return c.refuse("DirectConnectClientException", "gateway %v has associations", gateway["directConnectGatewayId"])
			}
		}
		delete(d.gateways, text(in["directConnectGatewayId"]))
	}
	return reply(map[string]any{"directConnectGateway": gateway})
}

func (d *connections) association(c *call, in map[string]any) *answer {
	switch c.operation {
	case "DescribeDirectConnectGatewayAssociations":
		return described("directConnectGatewayAssociations", d.associations, in["associationId"])
	case "CreateDirectConnectGatewayAssociation":
		if d.gateways[text(in["directConnectGatewayId"])] == nil {
			return c.refuse("DirectConnectClientException", "gateway %v does not exist", in["directConnectGatewayId"])
		}
		kind := "transitGateway"
		if strings.HasPrefix(text(in["gatewayId"]), "vgw-") {
			kind = "virtualPrivateGateway"
		}
		id := newID()
		d.associations[id] = map[string]any{
			"associationId": id, "associationState": "associated",
			"directConnectGatewayId": in["directConnectGatewayId"], "directConnectGatewayOwnerAccount": Account,
			"associatedGateway":                     map[string]any{"id": in["gatewayId"], "type": kind, "ownerAccount": Account, "region": c.region},
			"allowedPrefixesToDirectConnectGateway": list(in["addAllowedPrefixesToDirectConnectGateway"]),
		}
		return reply(map[string]any{"directConnectGatewayAssociation": d.associations[id]})
	case "DeleteDirectConnectGatewayAssociation":
		delete(d.associations, text(in["associationId"]))
		return reply(map[string]any{})
	}
	return c.refuse("NotImplemented", "awstest does not do %s of Direct Connect", c.operation)
}

func (d *connections) virtual(c *call, in map[string]any) *answer {
	id := text(in["virtualInterfaceId"])
	switch c.operation {
	case "DescribeVirtualInterfaces":
		return described("virtualInterfaces", d.interfaces, id)
	case "ConfirmPrivateVirtualInterface":
		if d.interfaces[id] == nil {
			return c.refuse("DirectConnectClientException", "virtual interface %s does not exist", id)
		}
		merge(d.interfaces[id], in, "directConnectGatewayId", "virtualGatewayId")
		d.interfaces[id]["virtualInterfaceState"] = "available"
		return reply(map[string]any{"virtualInterfaceState": "available"})
	case "DeleteVirtualInterface":
		delete(d.interfaces, id)
		return reply(map[string]any{"virtualInterfaceState": "deleted"})
	}
	return c.refuse("NotImplemented", "awstest does not do %s of Direct Connect", c.operation)
}

func (d *connections) tag(c *call, in map[string]any) *answer {
	if c.operation == "DescribeTags" {
		resources := []any{}
		for _, arn := range list(in["resourceArns"]) {
			tags := []any{}
			for _, tag := range asTags(d.tags[text(arn)]) {
				pair := tag.(map[string]any)
				tags = append(tags, map[string]any{"key": pair["Key"], "value": pair["Value"]})
			}
			resources = append(resources, map[string]any{"resourceArn": arn, "tags": tags})
		}
		return reply(map[string]any{"resourceTags": resources})
	}
	arn := text(in["resourceArn"])
	d.retag(arn, in["tags"])
	for _, key := range list(in["tagKeys"]) {
		delete(d.tags[arn], text(key))
	}
	return reply(map[string]any{})
}

func (d *connections) retag(arn string, tags any) {
	if d.tags[arn] == nil {
		d.tags[arn] = map[string]string{}
	}
	for key, value := range tagsOf(tags) {
		d.tags[arn][key] = value
	}
}
