package awstest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// transitTables implements the route tables of transit gateways: associations,
// propagations and static routes. moto stores only one propagation per attachment, drops
// the targets of routes, and gives every gateway default tables (Amazon EC2 API
// Reference: AssociateTransitGatewayRouteTable,
// EnableTransitGatewayRouteTablePropagation, SearchTransitGatewayRoutes,
// TransitGatewayOptions).
type transitTables struct {
	mu           sync.Mutex
	associations map[string]string          // table by Region and attachment: both ends of a peering have the same id
	propagations map[string]map[string]bool // attachments by table
	routes       map[string]map[string]string
	// A deleted attachment stays visible for a while, in the state "deleted"
	// (Transit Gateways Guide, "VPC attachment lifecycle").
	deletedAttachments map[string]string
}

func newTransitTables() *transitTables {
	return &transitTables{associations: map[string]string{}, propagations: map[string]map[string]bool{}, routes: map[string]map[string]string{}, deletedAttachments: map[string]string{}}
}

func (x *transitTables) serve(c *call, moto func(*call) *response) *response {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch c.operation {
	case "CreateTransitGateway", "DescribeTransitGateways", "ModifyTransitGateway":
		return removeDefaults(moto(c))
	case "AssociateTransitGatewayRouteTable", "DisassociateTransitGatewayRouteTable", "GetTransitGatewayRouteTableAssociations":
		return x.serveAssociation(c, moto)
	case "EnableTransitGatewayRouteTablePropagation", "DisableTransitGatewayRouteTablePropagation", "GetTransitGatewayRouteTablePropagations":
		return x.servePropagation(c, moto)
	case "CreateTransitGatewayRoute", "ReplaceTransitGatewayRoute", "DeleteTransitGatewayRoute", "SearchTransitGatewayRoutes":
		return x.serveRoute(c, moto)
	case "DeleteTransitGatewayVpcAttachment":
		got := moto(c)
		if description := attachmentElement.FindSubmatch(got.body); description != nil {
			x.deletedAttachments[c.form().Get("TransitGatewayAttachmentId")] = string(description[1])
		}
		return got
	case "DescribeTransitGatewayVpcAttachments":
		if description := x.deletedAttachments[c.form().Get("TransitGatewayAttachmentIds.1")]; description != "" {
			return ec2Response(c, xmlElement("transitGatewayVpcAttachments", xmlElement("item", description)))
		}
	}
	return moto(c)
}

var attachmentElement = regexp.MustCompile(`(?s)<transitGatewayVpcAttachment>(.*)</transitGatewayVpcAttachment>`)

var (
	gatewayOptions = regexp.MustCompile(`(?s)<options>.*?</options>`)
	defaultTable   = regexp.MustCompile(`<(association|propagation)DefaultRouteTableId>[^<]*</[^>]*>`)
)

// removeDefaults removes the default table of a gateway that is created without one.
func removeDefaults(got *response) *response {
	got.body = gatewayOptions.ReplaceAllFunc(got.body, func(options []byte) []byte {
		if strings.Contains(string(options), "RouteTableAssociation>enable<") || strings.Contains(string(options), "RouteTablePropagation>enable<") {
			return options
		}
		return defaultTable.ReplaceAll(options, nil)
	})
	return got
}

func (x *transitTables) serveAssociation(c *call, moto func(*call) *response) *response {
	form := c.form()
	table, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("TransitGatewayAttachmentId")
	state := "associated"
	key := c.region + "/" + attachment
	switch current := x.associations[key]; c.operation {
	case "GetTransitGatewayRouteTableAssociations":
		members := map[string]bool{}
		for key, current := range x.associations {
			members[strings.TrimPrefix(key, c.region+"/")] = current == table
		}
		return listAttachments(c, "associations", members, state, moto)
	case "AssociateTransitGatewayRouteTable":
		if current != "" {
			return c.errorResponse("Resource.AlreadyAssociated", "%s is associated with %s", attachment, current)
		}
		x.associations[key] = table
	default:
		if current != table {
			return c.errorResponse("InvalidAssociation.NotFound", "%s is not associated with %s", attachment, table)
		}
		delete(x.associations, key)
		state = "disassociating"
	}
	return ec2Response(c, xmlElement("association", describeAttachment(c, attachment, moto), xmlElement("transitGatewayRouteTableId", table), xmlElement("state", state)))
}

func (x *transitTables) servePropagation(c *call, moto func(*call) *response) *response {
	form := c.form()
	table, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("TransitGatewayAttachmentId")
	state := "enabled"
	switch c.operation {
	case "GetTransitGatewayRouteTablePropagations":
		return listAttachments(c, "transitGatewayRouteTablePropagations", x.propagations[table], state, moto)
	case "EnableTransitGatewayRouteTablePropagation":
		if x.propagations[table] == nil {
			x.propagations[table] = map[string]bool{}
		}
		x.propagations[table][attachment] = true
	default:
		delete(x.propagations[table], attachment)
		state = "disabled"
	}
	return ec2Response(c, xmlElement("propagation", describeAttachment(c, attachment, moto), xmlElement("transitGatewayRouteTableId", table), xmlElement("state", state)))
}

// listAttachments returns a table's attachments.
func listAttachments(c *call, name string, attachments map[string]bool, state string, moto func(*call) *response) *response {
	attachmentFilter := filtersOf(c)["transit-gateway-attachment-id"]
	var items []string
	for _, attachment := range slices.Sorted(maps.Keys(attachments)) {
		if attachments[attachment] && (attachmentFilter == "" || attachmentFilter == attachment) {
			items = append(items, xmlElement("item", describeAttachment(c, attachment, moto), xmlElement("state", state)))
		}
	}
	return ec2Response(c, xmlElement(name, items...))
}

var attachedResource = regexp.MustCompile(`<(resourceId|resourceType)>[^<]*</[^>]*>`)

// describeAttachment returns the attached resource, which moto knows.
func describeAttachment(c *call, attachment string, moto func(*call) *response) string {
	motoCall := *c
	motoCall.operation = "DescribeTransitGatewayAttachments"
	motoCall.body = []byte("Action=DescribeTransitGatewayAttachments&Version=2016-11-15&TransitGatewayAttachmentIds.1=" + attachment)
	found := attachedResource.FindAllString(string(moto(&motoCall).body), 2)
	return xmlElement("transitGatewayAttachmentId", attachment) + strings.Join(found, "")
}

func (x *transitTables) serveRoute(c *call, moto func(*call) *response) *response {
	form := c.form()
	table, cidr, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("DestinationCidrBlock"), form.Get("TransitGatewayAttachmentId")
	if x.routes[table] == nil {
		x.routes[table] = map[string]string{}
	}
	existing := x.routes[table][cidr]
	switch c.operation {
	case "SearchTransitGatewayRoutes":
		var items []string
		for _, cidr := range slices.Sorted(maps.Keys(x.routes[table])) {
			if cidrFilter := filtersOf(c)["route-search.exact-match"]; cidrFilter == "" || cidrFilter == cidr {
				items = append(items, xmlElement("item", x.routes[table][cidr]))
			}
		}
		return ec2Response(c, xmlElement("routeSet", items...)+xmlElement("additionalRoutesAvailable", "false"))
	case "CreateTransitGatewayRoute":
		if existing != "" {
			return c.errorResponse("RouteAlreadyExists", "%s has a route to %s", table, cidr)
		}
	default:
		if existing == "" {
			return c.errorResponse("InvalidRoute.NotFound", "%s has no route to %s", table, cidr)
		}
	}
	if c.operation == "DeleteTransitGatewayRoute" {
		delete(x.routes[table], cidr)
		return ec2Response(c, xmlElement("route", existing))
	}
	route := xmlElement("destinationCidrBlock", cidr) + xmlElement("type", "static")
	if form.Get("Blackhole") == "true" {
		route += xmlElement("state", "blackhole")
	} else {
		route += xmlElement("state", "active") + xmlElement("transitGatewayAttachments", xmlElement("item", describeAttachment(c, attachment, moto)))
	}
	x.routes[table][cidr] = route
	return ec2Response(c, xmlElement("route", route))
}
