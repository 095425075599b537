package awstest

import (
	"net/http"
	"net/url"
	"testing"
)

// Query makes a call of the Query or EC2 protocol, as somebody does behind
// Terraform's back.
func (s *Server) Query(t testing.TB, service, region string, form url.Values) {
	t.Helper()
	c := &call{
		service: service, region: region, operation: form.Get("Action"), method: http.MethodPost, path: "/",
		header: signedFor(service, region), body: []byte(form.Encode()),
	}
	c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.behind(t, c)
}

// JSON makes a call of a JSON protocol; target is the operation's whole name.
func (s *Server) JSON(t testing.TB, service, region, target string, in map[string]any) {
	t.Helper()
	c := (&call{service: service, region: region, method: http.MethodPost, path: "/", header: signedFor(service, region)}).with(in)
	c.header.Set("X-Amz-Target", target)
	c.header.Set("Content-Type", "application/x-amz-json-1.1")
	c.nameOperation()
	s.behind(t, c)
}

func (s *Server) behind(t testing.TB, c *call) {
	t.Helper()
	if got := s.serve(c); got.status != http.StatusOK {
		t.Fatalf("%s of %s: %s", c.operation, c.service, got.body)
	}
}
