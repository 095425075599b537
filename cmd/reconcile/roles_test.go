package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// roles is an STS that lets anyone assume any role, and remembers which.
type roles struct {
	mu      sync.Mutex
	assumed []string
}

// ServeHTTP answers AssumeRole
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func (r *roles) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.FormValue("Action") != "AssumeRole" {
		http.Error(w, "only AssumeRole is known here", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.assumed = append(r.assumed, req.FormValue("RoleArn"))
	r.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
		`<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret-of-the-role</SecretAccessKey>`+
		`<SessionToken>token-of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
}

// sts lets roles be assumed.
func stsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: sts")
	}
	w := worldOf(ts)
	w.roles = &roles{}
	server := httptest.NewServer(w.roles)
	w.tb.Cleanup(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
}

// assumed [NAME...]: since the last time exactly the roles with these names
// were assumed.
func assumedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: assumed [NAME...]")
	}
	r := worldOf(ts).roles
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, arn := range r.assumed {
		names = append(names, arn[strings.LastIndex(arn, "/")+1:])
	}
	r.assumed = nil
	slices.Sort(names)
	slices.Sort(args)
	if got := slices.Compact(names); !slices.Equal(got, args) {
		ts.Fatalf("assumed %q, want %q", got, args)
	}
}

// untouched: since the last time nothing was written to DynamoDB or S3.
func untouchedCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: untouched")
	}
	c := worldOf(ts).cloud
	var wrote []string
	for _, asked := range c.dynamodb.take() {
		if !strings.HasSuffix(asked, ".GetItem") && !strings.HasSuffix(asked, ".Query") {
			wrote = append(wrote, asked)
		}
	}
	for _, asked := range c.s3.take() {
		if !strings.HasPrefix(asked, "GET ") && !strings.HasPrefix(asked, "HEAD ") {
			wrote = append(wrote, asked)
		}
	}
	if (len(wrote) > 0) != neg {
		ts.Fatalf("written: %q", wrote)
	}
}
