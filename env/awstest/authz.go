package awstest

import (
	"strings"
	"testing"

	"reconcile/env/awstest/rights"
)

// Enforce makes the server refuse what roles may not do from here on, as IAM
// does: may is asked whatever IAM would be asked when a role makes a call. What
// nobody knows how to ask fails the test.
func (s *Server) Enforce(t testing.TB, reference *rights.ServiceReference, isAllowed func(role string, query rights.AuthzQuery) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inventory.Reference = reference
	s.authorizer = func(c *call, role string) *response {
		queries, err := s.inventory.Queries(c.toIAMCall())
		if err != nil {
			t.Errorf("what is asked when %s calls: %v", role, err)
		}
		for _, query := range queries {
			if !isAllowed(role, query) {
				return c.errorResponse("AccessDenied", "%s is not authorized to perform: %s on resource: %s", role, query.Action, query.Resource)
			}
		}
		return nil
	}
}

// authorize refuses the call, or returns nil.
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

// toIAMCall is the call as IAM is told of it.
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
