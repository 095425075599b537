// Package s3test starts an S3 for tests: gofakes3, in this process, on the loopback
// interface. It handles conditional writes and checksums as S3 does, can inject failures,
// and records the requests.
package s3test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// Region is the Region that the server claims to be in.
const Region = "ap-northeast-1"

// Server is a running S3. Requests must use path style.
type Server struct {
	// URL is the endpoint, without a slash at the end.
	URL string

	objects *s3mem.Backend
	s3      http.Handler

	mu       sync.Mutex
	decide   func(*http.Request) int
	requests []Request
}

// Request is a request that the server received.
type Request struct {
	Method, Path, Query string
	Header              http.Header
	Status              int // of the answer; 0 if there was none
}

// Start runs a server until the test ends. It has no buckets yet.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{objects: s3mem.New()}
	s.s3 = gofakes3.New(s.objects, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// CreateBucket makes an empty bucket.
func (s *Server) CreateBucket(t testing.TB, name string) {
	t.Helper()
	if err := s.objects.CreateBucket(name); err != nil {
		t.Fatal(err)
	}
}

// Config returns the configuration of a client in this process. The client retries as
// often as usual, without waiting.
func (s *Server) Config() aws.Config {
	return aws.Config{
		Region:       Region,
		BaseEndpoint: &s.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
				o.RateLimiter = ratelimit.None
			})
		},
	}
}

// Env returns the environment of a client in another process.
func (s *Server) Env() []string {
	return []string{
		"AWS_ENDPOINT_URL_S3=" + s.URL,
		"AWS_REGION=" + Region,
		"AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test",
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// BackendConfig returns Terraform configuration that stores a state in the server, with
// the lock file that S3's conditional writes allow. Credentials are in Env.
func (s *Server) BackendConfig(bucket, key string) string {
	return fmt.Sprintf(`terraform {
  backend "s3" {
    bucket       = %q
    key          = %q
    region       = %q
    use_lockfile = true

    endpoints                   = { s3 = %q }
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
  }
}
`, bucket, key, Region, s.URL)
}
