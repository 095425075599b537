package awstest

import (
	"net/http"
	"regexp"
	"sync"
)

// roles identifies the callers. AssumeRole returns an access key, and calls signed with
// that key are the role's (AWS STS API Reference, AssumeRole).
type roles struct {
	mu    sync.Mutex
	byKey map[string]string // ARNs by access key
}

func newRoles() *roles { return &roles{byKey: map[string]string{}} }

var accessKey = regexp.MustCompile(`<AccessKeyId>([^<]+)</AccessKeyId>`)

func (r *roles) serve(c *call, moto func(*call) *response) *response {
	got := moto(c)
	if key := accessKey.FindSubmatch(got.body); c.operation == "AssumeRole" && got.status == http.StatusOK && key != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.byKey[string(key[1])] = c.form().Get("RoleArn")
	}
	return got
}

// roleOf returns the role of an access key, or "".
func (r *roles) roleOf(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKey[key]
}
