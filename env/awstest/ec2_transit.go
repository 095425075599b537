package awstest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// transit is the insides of transit gateways' route tables: which attachments
// belong to them, which they learn of, and static routes. moto keeps a single
// propagation an attachment, forgets where routes go, and gives every gateway
// default tables (Amazon EC2 API Reference: AssociateTransitGatewayRouteTable,
// EnableTransitGatewayRouteTablePropagation, SearchTransitGatewayRoutes,
// TransitGatewayOptions).
type transit struct {
	mu         sync.Mutex
	associated map[string]string          // table by Region and attachment: both ends of a peering have one id
	learning   map[string]map[string]bool // attachments by table
	routes     map[string]map[string]string
	// Attachments that were deleted: "deleted" is a state in which they are
	// seen for a while (Transit Gateways Guide, "VPC attachment lifecycle").
	gone map[string]string
}

func newTransit() *transit {
	return &transit{associated: map[string]string{}, learning: map[string]map[string]bool{}, routes: map[string]map[string]string{}, gone: map[string]string{}}
}

func (x *transit) serve(c *call, moto func(*call) *answer) *answer {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch c.operation {
	case "CreateTransitGateway", "DescribeTransitGateways", "ModifyTransitGateway":
		return withoutDefaults(moto(c))
	case "AssociateTransitGatewayRouteTable", "DisassociateTransitGatewayRouteTable", "GetTransitGatewayRouteTableAssociations":
		return x.association(c, moto)
	case "EnableTransitGatewayRouteTablePropagation", "DisableTransitGatewayRouteTablePropagation", "GetTransitGatewayRouteTablePropagations":
		return x.propagation(c, moto)
	case "CreateTransitGatewayRoute", "ReplaceTransitGatewayRoute", "DeleteTransitGatewayRoute", "SearchTransitGatewayRoutes":
		return x.route(c, moto)
	case "DeleteTransitGatewayVpcAttachment":
		got := moto(c)
		if told := attachment.FindSubmatch(got.body); told != nil {
			x.gone[c.form().Get("TransitGatewayAttachmentId")] = string(told[1])
		}
		return got
	case "DescribeTransitGatewayVpcAttachments":
		if told := x.gone[c.form().Get("TransitGatewayAttachmentIds.1")]; told != "" {
			return ec2Answer(c, element("transitGatewayVpcAttachments", element("item", told)))
		}
	}
	return moto(c)
}

var attachment = regexp.MustCompile(`(?s)<transitGatewayVpcAttachment>(.*)</transitGatewayVpcAttachment>`)

var (
	gatewayOptions = regexp.MustCompile(`(?s)<options>.*?</options>`)
	defaultTable   = regexp.MustCompile(`<(association|propagation)DefaultRouteTableId>[^<]*</[^>]*>`)
)

// withoutDefaults takes away the default table of a gateway that is told to
// have none.
func withoutDefaults(got *answer) *answer {
	got.body = gatewayOptions.ReplaceAllFunc(got.body, func(options []byte) []byte {
		if strings.Contains(string(options), "RouteTableAssociation>enable<") || strings.Contains(string(options), "RouteTablePropagation>enable<") {
			return options
		}
		return defaultTable.ReplaceAll(options, nil)
	})
	return got
}

func (x *transit) association(c *call, moto func(*call) *answer) *answer {
	form := c.form()
	table, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("TransitGatewayAttachmentId")
	state := "associated"
	end := c.region + "/" + attachment
	switch of := x.associated[end]; c.operation {
	case "GetTransitGatewayRouteTableAssociations":
		members := map[string]bool{}
		for end, of := range x.associated {
			members[strings.TrimPrefix(end, c.region+"/")] = of == table
		}
		return listed(c, "associations", members, state, moto)
	case "AssociateTransitGatewayRouteTable":
		if of != "" {
			return c.refuse("Resource.AlreadyAssociated", "%s is associated with %s", attachment, of)
		}
		x.associated[end] = table
	default:
		if of != table {
			return c.refuse("InvalidAssociation.NotFound", "%s is not associated with %s", attachment, table)
		}
		delete(x.associated, end)
		state = "disassociating"
	}
	return ec2Answer(c, element("association", related(c, attachment, moto), element("transitGatewayRouteTableId", table), element("state", state)))
}

func (x *transit) propagation(c *call, moto func(*call) *answer) *answer {
	form := c.form()
	table, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("TransitGatewayAttachmentId")
	state := "enabled"
	switch c.operation {
	case "GetTransitGatewayRouteTablePropagations":
		return listed(c, "transitGatewayRouteTablePropagations", x.learning[table], state, moto)
	case "EnableTransitGatewayRouteTablePropagation":
		if x.learning[table] == nil {
			x.learning[table] = map[string]bool{}
		}
		x.learning[table][attachment] = true
	default:
		delete(x.learning[table], attachment)
		state = "disabled"
	}
	return ec2Answer(c, element("propagation", related(c, attachment, moto), element("transitGatewayRouteTableId", table), element("state", state)))
}

// listed tells of a table's attachments.
func listed(c *call, name string, attachments map[string]bool, state string, moto func(*call) *answer) *answer {
	wanted := filter(c)["transit-gateway-attachment-id"]
	var items []string
	for _, attachment := range slices.Sorted(maps.Keys(attachments)) {
		if attachments[attachment] && (wanted == "" || wanted == attachment) {
			items = append(items, element("item", related(c, attachment, moto), element("state", state)))
		}
	}
	return ec2Answer(c, element(name, items...))
}

var attached = regexp.MustCompile(`<(resourceId|resourceType)>[^<]*</[^>]*>`)

// related tells what is attached, which moto knows.
func related(c *call, attachment string, moto func(*call) *answer) string {
	asked := *c
	asked.operation = "DescribeTransitGatewayAttachments"
	asked.body = []byte("Action=DescribeTransitGatewayAttachments&Version=2016-11-15&TransitGatewayAttachmentIds.1=" + attachment)
	found := attached.FindAllString(string(moto(&asked).body), 2)
	return element("transitGatewayAttachmentId", attachment) + strings.Join(found, "")
}

func (x *transit) route(c *call, moto func(*call) *answer) *answer {
	form := c.form()
	table, cidr, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("DestinationCidrBlock"), form.Get("TransitGatewayAttachmentId")
	if x.routes[table] == nil {
		x.routes[table] = map[string]string{}
	}
	there := x.routes[table][cidr]
	switch c.operation {
	case "SearchTransitGatewayRoutes":
		var items []string
		for _, cidr := range slices.Sorted(maps.Keys(x.routes[table])) {
			if wanted := filter(c)["route-search.exact-match"]; wanted == "" || wanted == cidr {
				items = append(items, element("item", x.routes[table][cidr]))
			}
		}
		return ec2Answer(c, element("routeSet", items...)+element("additionalRoutesAvailable", "false"))
	case "CreateTransitGatewayRoute":
		if there != "" {
			return c.refuse("RouteAlreadyExists", "%s has a route to %s", table, cidr)
		}
	default:
		if there == "" {
			return c.refuse("InvalidRoute.NotFound", "%s has no route to %s", table, cidr)
		}
	}
	if c.operation == "DeleteTransitGatewayRoute" {
		delete(x.routes[table], cidr)
		return ec2Answer(c, element("route", there))
	}
	route := element("destinationCidrBlock", cidr) + element("type", "static")
	if form.Get("Blackhole") == "true" {
		route += element("state", "blackhole")
	} else {
		route += element("state", "active") + element("transitGatewayAttachments", element("item", related(c, attachment, moto)))
	}
	x.routes[table][cidr] = route
	return ec2Answer(c, element("route", route))
}
