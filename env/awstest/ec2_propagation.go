package awstest

import (
	"maps"
	"regexp"
	"slices"
	"sync"
)

// propagations stores which route tables learn routes from virtual private gateways
// (Amazon EC2 API Reference, EnableVgwRoutePropagation, RouteTable).
type propagations struct {
	mu       sync.Mutex
	gateways map[string]map[string]bool // by route table
}

func newPropagations() *propagations { return &propagations{gateways: map[string]map[string]bool{}} }

// routeTable matches a table's own id, not that of an association.
var routeTable = regexp.MustCompile(`<routeTableId>([^<]+)</routeTableId><routeSet`)

func (p *propagations) serve(c *call, moto func(*call) *response) *response {
	p.mu.Lock()
	defer p.mu.Unlock()
	table, gateway := c.form().Get("RouteTableId"), c.form().Get("GatewayId")
	switch c.operation {
	case "EnableVgwRoutePropagation":
		if p.gateways[table] == nil {
			p.gateways[table] = map[string]bool{}
		}
		p.gateways[table][gateway] = true
		return ec2Response(c, xmlElement("return", "true"))
	case "DisableVgwRoutePropagation":
		delete(p.gateways[table], gateway)
		return ec2Response(c, xmlElement("return", "true"))
	}
	got := moto(c)
	got.body = routeTable.ReplaceAllFunc(got.body, func(found []byte) []byte {
		var items []string
		for _, gateway := range slices.Sorted(maps.Keys(p.gateways[string(routeTable.FindSubmatch(found)[1])])) {
			items = append(items, xmlElement("item", xmlElement("gatewayId", gateway)))
		}
		return append([]byte(xmlElement("propagatingVgwSet", items...)), found...)
	})
	return got
}
