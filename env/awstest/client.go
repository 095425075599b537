package awstest

import (
	"net/http"
	"net/url"
	"testing"
)

// CallQuery makes a call of the Query or EC2 protocol, as somebody does outside of
// Terraform.
func (s *Server) CallQuery(t testing.TB, service, region string, form url.Values) {
	t.Helper()
	s.mustServe(t, newQueryCall(service, region, form))
}

// newQueryCall returns a call of the Query or EC2 protocol by the account itself.
func newQueryCall(service, region string, form url.Values) *call {
	c := &call{
		service: service, region: region, operation: form.Get("Action"), method: http.MethodPost, path: "/",
		header: signedHeader(service, region), body: []byte(form.Encode()),
	}
	c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c
}

// CallJSON makes a call of a JSON protocol; target is the operation's full name.
func (s *Server) CallJSON(t testing.TB, service, region, target string, in map[string]any) {
	t.Helper()
	c := (&call{service: service, region: region, method: http.MethodPost, path: "/", header: signedHeader(service, region)}).withBody(in)
	c.header.Set("X-Amz-Target", target)
	c.header.Set("Content-Type", "application/x-amz-json-1.1")
	c.setOperation()
	s.mustServe(t, c)
}

func (s *Server) mustServe(t testing.TB, c *call) {
	t.Helper()
	if got := s.serve(c); got.status != http.StatusOK {
		t.Fatalf("%s of %s: %s", c.operation, c.service, got.body)
	}
}
