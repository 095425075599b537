package awstest

import (
	"net/http"
	"regexp"
	"sync"
)

// roles remembers who calls: AssumeRole hands out an access key, and what is
// signed with that is the role's (AWS STS API Reference, AssumeRole).
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

// roleOf is the role that a key was handed out for, or "".
func (r *roles) roleOf(key string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byKey[key]
}
