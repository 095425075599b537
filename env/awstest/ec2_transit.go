package awstest

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// transit is which attachments of transit gateways belong to which route
// tables, and which tables learn of them. moto keeps a single propagation an
// attachment, and gives every gateway default tables (Amazon EC2 API
// Reference: AssociateTransitGatewayRouteTable,
// EnableTransitGatewayRouteTablePropagation, TransitGatewayOptions).
type transit struct {
	mu         sync.Mutex
	associated map[string]string          // table by attachment
	learning   map[string]map[string]bool // attachments by table
}

func newTransit() *transit {
	return &transit{associated: map[string]string{}, learning: map[string]map[string]bool{}}
}

// Without a default table "the ID of the default association route table" is
// not there.
var (
	gateway        = regexp.MustCompile(`(?s)<options>.*?</options>`)
	defaultTable   = regexp.MustCompile(`<(association|propagation)DefaultRouteTableId>[^<]*</[^>]*>`)
	withoutDefault = []string{"<defaultRouteTableAssociation>disable<", "<defaultRouteTablePropagation>disable<"}
)

func (x *transit) serve(c *call, moto func(*call) *answer) *answer {
	form := c.form()
	table, attachment := form.Get("TransitGatewayRouteTableId"), form.Get("TransitGatewayAttachmentId")
	x.mu.Lock()
	defer x.mu.Unlock()
	switch c.operation {
	case "CreateTransitGateway", "DescribeTransitGateways", "ModifyTransitGateway":
		got := moto(c)
		got.body = gateway.ReplaceAllFunc(got.body, func(options []byte) []byte {
			if !strings.Contains(string(options), withoutDefault[0]) || !strings.Contains(string(options), withoutDefault[1]) {
				return options
			}
			return defaultTable.ReplaceAll(options, nil)
		})
		return got
	case "AssociateTransitGatewayRouteTable":
		if x.associated[attachment] != "" {
			return c.refuse("Resource.AlreadyAssociated", "%s is associated with %s", attachment, x.associated[attachment])
		}
		x.associated[attachment] = table
		return one(c, "association", x.relation(c, attachment, table, "associated", moto))
	case "DisassociateTransitGatewayRouteTable":
		if x.associated[attachment] != table {
			return c.refuse("InvalidAssociation.NotFound", "%s is not associated with %s", attachment, table)
		}
		delete(x.associated, attachment)
		return one(c, "association", x.relation(c, attachment, table, "disassociating", moto))
	case "EnableTransitGatewayRouteTablePropagation":
		if x.learning[table] == nil {
			x.learning[table] = map[string]bool{}
		}
		x.learning[table][attachment] = true
		return one(c, "propagation", x.relation(c, attachment, table, "enabled", moto))
	case "DisableTransitGatewayRouteTablePropagation":
		delete(x.learning[table], attachment)
		return one(c, "propagation", x.relation(c, attachment, table, "disabled", moto))
	case "GetTransitGatewayRouteTableAssociations":
		var items []string
		for attachment, of := range x.associated {
			if of == table && filtered(c, attachment) {
				items = append(items, x.relation(c, attachment, table, "associated", moto))
			}
		}
		return many(c, "associations", items)
	case "GetTransitGatewayRouteTablePropagations":
		var items []string
		for attachment := range x.learning[table] {
			if filtered(c, attachment) {
				items = append(items, x.relation(c, attachment, table, "enabled", moto))
			}
		}
		return many(c, "transitGatewayRouteTablePropagations", items)
	}
	return moto(c)
}

// filtered says whether a list that is asked for is to hold an attachment.
func filtered(c *call, attachment string) bool {
	form := c.form()
	return form.Get("Filter.1.Name") != "transit-gateway-attachment-id" || form.Get("Filter.1.Value.1") == attachment
}

var (
	resourceID   = regexp.MustCompile(`<resourceId>([^<]*)<`)
	resourceType = regexp.MustCompile(`<resourceType>([^<]*)<`)
)

// relation tells of an attachment and a table; what is attached, moto knows.
func (x *transit) relation(c *call, attachment, table, state string, moto func(*call) *answer) string {
	asked := *c
	asked.operation = "DescribeTransitGatewayAttachments"
	asked.body = []byte("Action=DescribeTransitGatewayAttachments&Version=2016-11-15&TransitGatewayAttachmentIds.1=" + attachment)
	found := string(moto(&asked).body)
	return fmt.Sprintf("<transitGatewayAttachmentId>%s</transitGatewayAttachmentId><transitGatewayRouteTableId>%s</transitGatewayRouteTableId><state>%s</state>%s</resourceId>%s</resourceType>",
		attachment, table, state, orEmpty(resourceID.FindString(found), "<resourceId><"), orEmpty(resourceType.FindString(found), "<resourceType><"))
}

func orEmpty(found, empty string) string {
	if found == "" {
		found = empty
	}
	return strings.TrimSuffix(found, "<")
}

// one and many answer in the EC2 Query protocol.
func one(c *call, name, content string) *answer {
	return ec2Answer(c, "<"+name+">"+content+"</"+name+">")
}

func many(c *call, name string, items []string) *answer {
	content := "<" + name + ">"
	for _, item := range items {
		content += "<item>" + item + "</item>"
	}
	return ec2Answer(c, content+"</"+name+">")
}

func ec2Answer(c *call, content string) *answer {
	return &answer{
		status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}},
		body: fmt.Appendf(nil, `<%[1]sResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>awstest</requestId>%[2]s</%[1]sResponse>`, c.operation, content),
	}
}
