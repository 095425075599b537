package awstest

import (
	"strings"
	"testing"

	"reconcile/env/awstest/rights"
)

// Judged makes the server refuse what roles may not do from here on, as IAM
// does: may is asked whatever IAM would be asked when a role makes a call. What
// nobody knows how to ask fails the test.
func (s *Server) Judged(t testing.TB, lists *rights.Lists, may func(role string, ask rights.Ask) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account.Lists = lists
	s.may = func(c *call, role string) *answer {
		asks, err := s.account.Of(c.told())
		if err != nil {
			t.Errorf("what is asked when %s calls: %v", role, err)
		}
		for _, ask := range asks {
			if !may(role, ask) {
				return c.refuse("AccessDenied", "%s is not authorized to perform: %s on resource: %s", role, ask.Action, ask.Resource)
			}
		}
		return nil
	}
}

// judge refuses the call, or returns nil.
func (s *Server) judge(c *call) *answer {
	s.mu.Lock()
	may := s.may
	s.mu.Unlock()
	role := s.roles.who(c.key)
	if may == nil || role == "" {
		return nil
	}
	return may(c, role)
}

// told is the call as IAM is told of it.
func (c *call) told() rights.Call {
	named := rights.Call{
		Service: c.service, Region: c.region, Operation: c.operation, Method: c.method, Path: c.path,
		Query: c.query, Header: c.header, Body: c.body,
	}
	if strings.Contains(c.operation, " ") { // a method and a path
		named.Operation = ""
	}
	return named
}
