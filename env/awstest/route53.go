package awstest

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// zones gives hosted zones the ids that configurations contain. AWS and moto generate
// ids, but for these configurations the zones exist beforehand.
type zones struct {
	mu      sync.Mutex
	motoIDs map[string]string // by the clients' id
}

func newZones() *zones { return &zones{motoIDs: map[string]string{}} }

// CreateZone creates a public hosted zone with that id.
func (s *Server) CreateZone(t testing.TB, id, domain string) {
	t.Helper()
	created := s.forward(&call{
		service: "route53", region: "us-east-1", method: http.MethodPost, path: "/2013-04-01/hostedzone",
		header: signedHeader("route53", "us-east-1"),
		body:   []byte("<CreateHostedZoneRequest><Name>" + domain + ".</Name><CallerReference>" + id + "</CallerReference></CreateHostedZoneRequest>"),
	})
	var zone struct {
		ID string `xml:"HostedZone>Id"`
	}
	if err := xml.Unmarshal(created.body, &zone); err != nil || zone.ID == "" {
		t.Fatalf("create the zone %s: %v\n%s", domain, err, created.body)
	}
	s.zones.mu.Lock()
	defer s.zones.mu.Unlock()
	s.zones.motoIDs[id] = strings.TrimPrefix(zone.ID, "/hostedzone/")
}

func (z *zones) serve(c *call, moto func(*call) *response) *response {
	z.mu.Lock()
	defer z.mu.Unlock()
	motoCall := *c
	for clientID, motoID := range z.motoIDs {
		motoCall.path = strings.ReplaceAll(motoCall.path, clientID, motoID)
	}
	got := moto(&motoCall)
	for clientID, motoID := range z.motoIDs {
		got.body = bytes.ReplaceAll(got.body, []byte(motoID), []byte(clientID))
	}
	return got
}
