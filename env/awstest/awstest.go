// Package awstest is an AWS for tests: moto, and in front of it a small server that adds
// what moto lacks. Real clients, such as Terraform's AWS provider, use it as their HTTP
// proxy, so that every host name leads here:
//
//	AWS_ENDPOINT_URL=http://aws.test HTTP_PROXY=http://127.0.0.1:PORT
//
// Each service that moto lacks, or that it implements differently from AWS's documents,
// has its own file, which names the document. An unknown call is refused at once, with
// an error that clients do not retry.
package awstest

import (
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"reconcile/env/awstest/rights"
)

// Account is the id of the account of a server of Start.
const Account = "123456789012"

// endpoint is a host name that clients do not take for their own machine. For that they
// would not use a proxy.
const endpoint = "http://aws.test"

// Server is a running AWS with one account and all Regions.
type Server struct {
	account       string
	url, moto     string
	handlers      map[string]handler
	accelerators  *accelerators
	directConnect *directConnect
	zones         *zones
	databases     *databases
	roles         *roles
	inventory     *rights.Inventory

	mu            sync.Mutex
	failedRegions map[string]bool
	calls         []Call
	authorizer    func(c *call, role string) *response // returns an error response if the role may not; nil: nothing is checked
}

// Call is a request that the server has answered.
type Call struct {
	Service, Region string
	Role            string // the caller's ARN, or "" for the account itself
	// Operation is the API's name, or method and path if the protocol has no name.
	Operation string
	Status    int
	Error     string // the error code of the response, if any
}

// Start runs an empty server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartAccount(t, Account)
}

// StartAccount runs an empty server of the account with that id until the test ends.
func StartAccount(t testing.TB, account string) *Server {
	t.Helper()
	s := &Server{
		account: account, moto: startMoto(t, "MOTO_ACCOUNT_ID="+account), failedRegions: map[string]bool{},
		accelerators: newAccelerators(), directConnect: newDirectConnect(), zones: newZones(), databases: newDatabases(), roles: newRoles(),
		inventory: rights.NewInventory(account),
	}
	s.handlers = s.newHandlers()
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.url = front.URL
	return s
}

// Env returns the environment of a client in another process.
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

// Config returns the configuration of a client in this process. An S3 client must use
// path style.
func (s *Server) Config(region string) aws.Config {
	return aws.Config{
		Region: region, BaseEndpoint: &s.url,
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	}
}

// FailRegion makes a Region refuse every call, as in a disaster, until RestoreRegion.
func (s *Server) FailRegion(region string) { s.setFailed(region, true) }

// RestoreRegion ends FailRegion.
func (s *Server) RestoreRegion(region string) { s.setFailed(region, false) }

func (s *Server) setFailed(region string, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failedRegions[region] = failed
}

// Calls returns the calls since Calls was last called.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}
