package awstest

import (
	"strings"
	"testing"

	"reconcile/env/awstest/rights"
)

// Enforce makes the server refuse calls of roles that IAM would refuse, from now on. It
// calls isAllowed for each query that AWS would send to IAM for a role's call. An
// unknown call fails the test.
func (s *Server) Enforce(t testing.TB, reference *rights.ServiceReference, isAllowed func(role string, query rights.AuthzQuery) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inventory.Reference = reference
	s.authorizer = func(c *call, role string) *response {
		queries, err := s.inventory.Queries(c.toIAMCall())
		if err != nil {
			t.Errorf("queries of a call by %s: %v", role, err)
		}
		for _, query := range queries {
			if !isAllowed(role, query) {
				return c.errorResponse("AccessDenied", "%s is not authorized to perform: %s on resource: %s", role, query.Action, query.Resource)
			}
		}
		return nil
	}
}

// authorize returns an error response if the call is not allowed, else nil.
func (s *Server) authorize(c *call) *response {
	s.mu.Lock()
	authorizer := s.authorizer
	s.mu.Unlock()
	role := s.roles.roleOf(c.key)
	if authorizer == nil || role == "" {
		return nil
	}
	return authorizer(c, role)
}

// toIAMCall converts the call for package rights.
func (c *call) toIAMCall() rights.Call {
	iamCall := rights.Call{
		Service: c.service, Region: c.region, Operation: c.operation, Method: c.method, Path: c.path,
		Query: c.query, Header: c.header, Body: c.body,
	}
	if strings.Contains(c.operation, " ") { // a method and a path
		iamCall.Operation = ""
	}
	return iamCall
}
