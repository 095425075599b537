// Package traffic computes which endpoints behind a Global Accelerator serve the new
// connections of a client. It follows the rules of the Developer Guide; each names its page
// under docs.aws.amazon.com/global-accelerator/latest/dg/. Where the guide says nothing, it
// takes the side on which requests fail.
package traffic

import (
	"cmp"
	"slices"
)

// Endpoint is a load balancer in an endpoint group.
type Endpoint struct {
	ID          string
	Weight      int // 0 to 255
	IsUnhealthy bool
	IsAbsent    bool // its load balancer was deleted, and no health check has seen it yet
}

// Group is the endpoint group of a Region.
type Group struct {
	Region    string
	Dial      float64 // 0 to 100
	Endpoints []Endpoint
}

// Shares are the parts of a client's new connections, by endpoint ID. They add up to 1.
type Shares map[string]float64

// Failed is the key in Shares of the connections that nobody serves.
const Failed = ""

// maxFailover is how many groups a failover tries ("unhealthy-endpoints": "the three
// closest endpoint groups").
const maxFailover = 3

// Route returns where the new connections of a client go. The groups are ordered by their
// distance from the client.
func Route(groups []Group) Shares {
	shares := Shares{}
	rest, dials := 1.0, 0.0
	for i, g := range groups {
		// "The percentage of traffic that is already directed to that endpoint group"
		// (about-endpoint-groups-traffic-dial). The rest goes to the next group.
		taken := rest * g.Dial / 100
		serve(shares, groups, i, taken)
		rest -= taken
		dials += g.Dial
	}
	if dials == 0 { // The guide does not say what becomes of it.
		shares[Failed] += rest
		return shares
	}
	// What no dial has taken is served all the same: with two groups at 50, nothing is lost.
	for i, g := range groups {
		serve(shares, groups, i, rest*g.Dial/dials)
	}
	return shares
}

// serve adds a part of the connections to the endpoints of a group.
func serve(shares Shares, groups []Group, at int, part float64) {
	if part == 0 {
		return
	}
	// A group without a healthy endpoint of a weight above 0 fails over to the closest
	// others, whatever their dials ("about-endpoints-endpoint-weights.unhealthy-endpoints").
	tried := slices.Concat(groups[at:at+1], groups[:at], groups[at+1:])
	for _, g := range tried[:min(len(tried), maxFailover+1)] {
		if g.canServe() {
			divide(shares, g.Endpoints, part, func(e Endpoint) int {
				if e.IsUnhealthy {
					return 0
				}
				return e.Weight
			})
			return
		}
	}
	// Nobody is healthy: "fails open", to a random endpoint of the closest group.
	for _, g := range tried {
		if len(g.Endpoints) > 0 {
			divide(shares, g.Endpoints, part, func(Endpoint) int { return 1 })
			return
		}
	}
	shares[Failed] += part
}

// divide divides a part over endpoints by their weights.
func divide(shares Shares, endpoints []Endpoint, part float64, weight func(Endpoint) int) {
	sum := 0
	for _, e := range endpoints {
		sum += weight(e)
	}
	for _, e := range endpoints {
		key := e.ID
		if e.IsUnhealthy {
			key = Failed
		}
		if w := weight(e); w > 0 {
			shares[key] += part * float64(w) / float64(sum)
		}
	}
}

// canServe reports whether an endpoint is healthy and has a weight above 0.
func (g Group) canServe() bool {
	return slices.ContainsFunc(g.Endpoints, func(e Endpoint) bool { return e.Weight > 0 && !e.IsUnhealthy })
}

// SortByDistance returns the groups ordered for a client that is closest to a Region.
func SortByDistance(region string, groups []Group) []Group {
	return slices.SortedStableFunc(slices.Values(groups), func(a, b Group) int {
		return cmp.Compare(distance(a, region), distance(b, region))
	})
}

func distance(g Group, region string) int {
	if g.Region == region {
		return 0
	}
	return 1
}

// ListTransitions returns all that edges may see while a change is on its way to them: each group
// as it was, or as it is. The groups of two Regions are written in no order, and an apply
// can end between them.
func ListTransitions(before, after []Group) [][]Group {
	seen := [][]Group{nil}
	for _, region := range regionsOf(before, after) {
		var next [][]Group
		for _, groups := range seen {
			was, is := groupIn(before, region), groupIn(after, region)
			next = append(next, slices.Concat(groups, []Group{was}), slices.Concat(groups, []Group{is}))
		}
		seen = next
	}
	return seen
}

func regionsOf(lists ...[]Group) []string {
	var regions []string
	for _, g := range slices.Concat(lists...) {
		regions = append(regions, g.Region)
	}
	slices.Sort(regions)
	return slices.Compact(regions)
}

// groupIn returns the group of a Region; one without endpoints takes nothing.
func groupIn(groups []Group, region string) Group {
	for _, g := range groups {
		if g.Region == region {
			return g
		}
	}
	return Group{Region: region}
}
