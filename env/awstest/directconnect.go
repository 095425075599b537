package awstest

import (
	"strings"
	"sync"
)

// directConnect implements what moto lacks of AWS Direct Connect; moto has only
// connections. It adds gateways, their associations, and virtual interfaces that another
// account has created for this one (AWS Direct Connect API Reference, 2012-10-25).
type directConnect struct {
	mu                                 sync.Mutex
	gateways, associations, interfaces map[string]map[string]any // by id
	tags                               map[string]map[string]string
}

func newDirectConnect() *directConnect {
	return &directConnect{
		gateways: map[string]map[string]any{}, associations: map[string]map[string]any{}, interfaces: map[string]map[string]any{},
		tags: map[string]map[string]string{},
	}
}

// AddVirtualInterface adds a private virtual interface that another account has created
// and that waits for acceptance.
func (s *Server) AddVirtualInterface(id string) {
	s.directConnect.mu.Lock()
	defer s.directConnect.mu.Unlock()
	s.directConnect.interfaces[id] = map[string]any{
		"virtualInterfaceId": id, "virtualInterfaceType": "private", "virtualInterfaceState": "confirming", "ownerAccount": s.account,
	}
}

func (d *directConnect) serve(c *call, moto func(*call) *response) *response {
	d.mu.Lock()
	defer d.mu.Unlock()
	in := c.bodyObject()
	switch {
	case strings.Contains(c.operation, "GatewayAssociation"):
		return d.serveAssociation(c, in)
	case strings.Contains(c.operation, "DirectConnectGateway"):
		return d.serveGateway(c, in)
	case strings.Contains(c.operation, "VirtualInterface"):
		return d.serveVirtualInterface(c, in)
	case strings.HasSuffix(c.operation, "Tags") || strings.HasSuffix(c.operation, "Resource"):
		return d.serveTags(c, in)
	}
	return moto(c)
}

// describeByID lists the object with that id. Describe operations answer an unknown id
// with an empty list.
func describeByID(member string, things map[string]map[string]any, id any) *response {
	found := []any{}
	if thing := things[asString(id)]; thing != nil {
		found = append(found, thing)
	}
	return jsonResponse(map[string]any{member: found})
}

func (d *directConnect) serveGateway(c *call, in map[string]any) *response {
	if c.operation == "DescribeDirectConnectGateways" {
		return describeByID("directConnectGateways", d.gateways, in["directConnectGatewayId"])
	}
	if c.operation == "CreateDirectConnectGateway" {
		id := newID()
		d.gateways[id] = map[string]any{
			"directConnectGatewayId": id, "directConnectGatewayName": in["directConnectGatewayName"],
			"amazonSideAsn": orDefault(in["amazonSideAsn"], 64512), "ownerAccount": c.account, "directConnectGatewayState": "available",
		}
		d.addTags("arn:aws:directconnect::"+c.account+":dx-gateway/"+id, in["tags"])
		d.gateways[id]["tags"] = in["tags"]
		return jsonResponse(map[string]any{"directConnectGateway": d.gateways[id]})
	}
	gateway := d.gateways[asString(in["directConnectGatewayId"])]
	switch {
	case gateway == nil:
		return c.errorResponse("DirectConnectClientException", "gateway %v does not exist", in["directConnectGatewayId"])
	case c.operation == "UpdateDirectConnectGateway":
		gateway["directConnectGatewayName"] = in["newDirectConnectGatewayName"]
	case c.operation == "DeleteDirectConnectGateway":
		for _, a := range d.associations {
			if a["directConnectGatewayId"] == gateway["directConnectGatewayId"] {
				return c.errorResponse("DirectConnectClientException", "gateway %v has associations", gateway["directConnectGatewayId"])
			}
		}
		delete(d.gateways, asString(in["directConnectGatewayId"]))
	}
	return jsonResponse(map[string]any{"directConnectGateway": gateway})
}

func (d *directConnect) serveAssociation(c *call, in map[string]any) *response {
	switch c.operation {
	case "DescribeDirectConnectGatewayAssociations":
		return describeByID("directConnectGatewayAssociations", d.associations, in["associationId"])
	case "CreateDirectConnectGatewayAssociation":
		if d.gateways[asString(in["directConnectGatewayId"])] == nil {
			return c.errorResponse("DirectConnectClientException", "gateway %v does not exist", in["directConnectGatewayId"])
		}
		kind := "transitGateway"
		if strings.HasPrefix(asString(in["gatewayId"]), "vgw-") {
			kind = "virtualPrivateGateway"
		}
		id := newID()
		d.associations[id] = map[string]any{
			"associationId": id, "associationState": "associated",
			"directConnectGatewayId": in["directConnectGatewayId"], "directConnectGatewayOwnerAccount": c.account,
			"associatedGateway":                     map[string]any{"id": in["gatewayId"], "type": kind, "ownerAccount": c.account, "region": c.region},
			"allowedPrefixesToDirectConnectGateway": asList(in["addAllowedPrefixesToDirectConnectGateway"]),
		}
		return jsonResponse(map[string]any{"directConnectGatewayAssociation": d.associations[id]})
	case "DeleteDirectConnectGatewayAssociation":
		delete(d.associations, asString(in["associationId"]))
		return jsonResponse(map[string]any{})
	}
	return c.errorResponse("NotImplemented", "awstest does not do %s of Direct Connect", c.operation)
}

func (d *directConnect) serveVirtualInterface(c *call, in map[string]any) *response {
	id := asString(in["virtualInterfaceId"])
	switch c.operation {
	case "DescribeVirtualInterfaces":
		return describeByID("virtualInterfaces", d.interfaces, id)
	case "ConfirmPrivateVirtualInterface":
		if d.interfaces[id] == nil {
			return c.errorResponse("DirectConnectClientException", "virtual interface %s does not exist", id)
		}
		copyMembers(d.interfaces[id], in, "directConnectGatewayId", "virtualGatewayId")
		d.interfaces[id]["virtualInterfaceState"] = "available"
		return jsonResponse(map[string]any{"virtualInterfaceState": "available"})
	case "DeleteVirtualInterface":
		delete(d.interfaces, id)
		return jsonResponse(map[string]any{"virtualInterfaceState": "deleted"})
	}
	return c.errorResponse("NotImplemented", "awstest does not do %s of Direct Connect", c.operation)
}

func (d *directConnect) serveTags(c *call, in map[string]any) *response {
	if c.operation == "DescribeTags" {
		resources := []any{}
		for _, arn := range asList(in["resourceArns"]) {
			tags := []any{}
			for _, tag := range toTags(d.tags[asString(arn)]) {
				pair := tag.(map[string]any)
				tags = append(tags, map[string]any{"key": pair["Key"], "value": pair["Value"]})
			}
			resources = append(resources, map[string]any{"resourceArn": arn, "tags": tags})
		}
		return jsonResponse(map[string]any{"resourceTags": resources})
	}
	arn := asString(in["resourceArn"])
	d.addTags(arn, in["tags"])
	for _, key := range asList(in["tagKeys"]) {
		delete(d.tags[arn], asString(key))
	}
	return jsonResponse(map[string]any{})
}

func (d *directConnect) addTags(arn string, tags any) {
	if d.tags[arn] == nil {
		d.tags[arn] = map[string]string{}
	}
	for key, value := range tagsOf(tags) {
		d.tags[arn][key] = value
	}
}
