package awstest

import (
	"bytes"
	"encoding/xml"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// zones gives hosted zones the ids that configurations name: AWS makes them
// up, as moto does, but to who reads them they were there before.
type zones struct {
	mu    sync.Mutex
	motos map[string]string // by the id that clients know
}

func newZones() *zones { return &zones{motos: map[string]string{}} }

// Zone makes a public hosted zone with that id.
func (s *Server) Zone(t testing.TB, id, domain string) {
	t.Helper()
	created := s.ask(&call{
		service: "route53", region: "us-east-1", method: http.MethodPost, path: "/2013-04-01/hostedzone",
		header: signedFor("route53", "us-east-1"),
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
	s.zones.motos[id] = strings.TrimPrefix(zone.ID, "/hostedzone/")
}

func (z *zones) serve(c *call, moto func(*call) *answer) *answer {
	z.mu.Lock()
	defer z.mu.Unlock()
	asked := *c
	for ours, motos := range z.motos {
		asked.path = strings.ReplaceAll(asked.path, ours, motos)
	}
	got := moto(&asked)
	for ours, motos := range z.motos {
		got.body = bytes.ReplaceAll(got.body, []byte(motos), []byte(ours))
	}
	return got
}
