package awstest

import (
	"net/http"
	"regexp"
	"sync"
	"time"
)

// roles identifies the callers. AssumeRole returns an access key, and calls signed with
// that key are the role's (AWS STS API Reference, AssumeRole).
type roles struct {
	mu       sync.Mutex
	byKey    map[string]string // ARNs by access key
	maxCalls int               // calls of a session; 0: any number
	calls    map[string]int    // by access key
}

func newRoles() *roles { return &roles{byKey: map[string]string{}, calls: map[string]int{}} }

// EndSessionsAfter makes each session of a role end after this number of calls, as the hour
// of a session ends in the middle of an apply. STS says that the sessions last for a
// minute: SDKs ask their source again for credentials that end in the next five.
func (s *Server) EndSessionsAfter(calls int) {
	s.roles.mu.Lock()
	defer s.roles.mu.Unlock()
	s.roles.maxCalls = calls
}

var (
	accessKey  = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)
	expiration = regexp.MustCompile(`<Expiration>[^<]+</Expiration>`)
)

func (r *roles) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	if key := accessKey.FindSubmatch(got.body); c.operation == "AssumeRole" && got.status == http.StatusOK && key != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.byKey[string(key[1])] = c.form().Get("RoleArn")
		if r.maxCalls > 0 {
			end := time.Now().UTC().Add(time.Minute).Format(time.RFC3339)
			got.body = expiration.ReplaceAll(got.body, []byte(xmlElement("Expiration", end)))
		}
	}
	return got
}

// refuseEnded counts a call. It returns an error response if the caller's session has
// ended (AWS STS, "Common errors": ExpiredToken), else nil.
func (r *roles) refuseEnded(c *call) *response {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.maxCalls == 0 || r.byKey[c.key] == "" {
		return nil
	}
	r.calls[c.key]++
	if r.calls[c.key] > r.maxCalls {
		return c.errorResponse("ExpiredToken", "The security token included in the request is expired")
	}
	return nil
}

// roleOf returns the role of an access key, or "".
func (r *roles) roleOf(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKey[key]
}
