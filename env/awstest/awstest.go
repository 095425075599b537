// Package awstest is AWS for tests: moto, and before it one small server that
// holds what moto lacks. Real clients, such as Terraform's AWS provider, reach
// it as their HTTP proxy, so that every host name leads here:
//
//	AWS_ENDPOINT_URL=http://aws.test HTTP_PROXY=http://127.0.0.1:PORT
//
// Each service that moto does not hold, or holds otherwise than AWS's
// documents say, has a file of its own, which names the document. What nobody
// here knows is refused at once, in a way that clients do not retry.
package awstest

import (
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/env/awstest/rights"
)

// Account is whose resources the server holds.
const Account = "123456789012"

// endpoint is a name that no client takes for its own machine: those it would
// not ask a proxy for.
const endpoint = "http://aws.test"

// Server is a running AWS, of one account and all Regions.
type Server struct {
	url, moto     string
	handlers      map[string]handler
	accelerators  *accelerators
	directConnect *directConnect
	zones         *zones
	roles         *roles
	inventory     *rights.Inventory

	mu            sync.Mutex
	failedRegions map[string]bool
	calls         []Call
	authorizer    func(c *call, role string) *response // refuses, if a role may not; nil: nobody is asked
}

// Call is a request that the server has answered.
type Call struct {
	Service, Region string
	Role            string // the ARN of who asks, or "" for the account itself
	// Operation is the API's name of it, or method and path where the
	// protocol has no name.
	Operation string
	Status    int
	Error     string // what the answer says, if it refuses
}

// Start runs a server until the test ends. There is nothing in it yet.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		moto: StartMoto(t), failedRegions: map[string]bool{},
		accelerators: newAccelerators(), directConnect: newDirectConnect(), zones: newZones(), roles: newRoles(),
		inventory: rights.NewInventory(Account),
	}
	s.handlers = s.newHandlers()
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

// Env is the environment of a client in another process.
func (s *Server) Env() []string {
	return []string{
		"HTTP_PROXY=" + s.url,
		"AWS_ENDPOINT_URL=" + endpoint,
		"AWS_REGION=ap-northeast-1",
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// Config is the configuration of a client in this process. S3's must ask in
// path style.
func (s *Server) Config(region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &s.url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// FailRegion makes a Region refuse everything from here on, as in a disaster;
// Revive ends that.
func (s *Server) FailRegion(region string) { s.setFailed(region, true) }

// RestoreRegion ends what Kill began.
func (s *Server) RestoreRegion(region string) { s.setFailed(region, false) }

func (s *Server) setFailed(region string, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failedRegions[region] = failed
}

// Calls returns what was asked since it was last called.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}
