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

// fakeSTS is an STS that lets anyone assume any role, and remembers which. It says that ann
// asks.
type fakeSTS struct {
	mu           sync.Mutex
	assumedRoles []string
}

// ServeHTTP answers AssumeRole and GetCallerIdentity
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html,
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html).
func (s *fakeSTS) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch req.FormValue("Action") {
	case "AssumeRole":
	case "GetCallerIdentity":
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprint(w, `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>`+
			`<Arn>arn:aws:sts::123456789012:assumed-role/operator/ann</Arn><UserId>AROA:ann</UserId><Account>123456789012</Account>`+
			`</GetCallerIdentityResult></GetCallerIdentityResponse>`)
		return
	default:
		http.Error(w, "only AssumeRole and GetCallerIdentity are known here", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.assumedRoles = append(s.assumedRoles, req.FormValue("RoleArn"))
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	arn := req.FormValue("RoleArn")
	fmt.Fprint(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>`+
		`<AccessKeyId>ASIAROLE-`+arn[strings.LastIndex(arn, "/")+1:]+`</AccessKeyId><SecretAccessKey>secret-of-the-role</SecretAccessKey>`+
		`<SessionToken>token-of-the-role</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration>`+
		`</Credentials></AssumeRoleResult></AssumeRoleResponse>`)
}

// sts lets roles be assumed.
func stsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: sts")
	}
	w := fixtureOf(ts)
	w.sts = &fakeSTS{}
	server := httptest.NewServer(w.sts)
	w.tb.Cleanup(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
}

// check-roles [NAME...]: since the last time exactly the roles with these names
// were assumed.
func checkRolesCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("usage: check-roles [NAME...]")
	}
	r := fixtureOf(ts).sts
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, arn := range r.assumedRoles {
		names = append(names, arn[strings.LastIndex(arn, "/")+1:])
	}
	r.assumedRoles = nil
	slices.Sort(names)
	slices.Sort(args)
	if got := slices.Compact(names); !slices.Equal(got, args) {
		ts.Fatalf("assumed %q, want %q", got, args)
	}
}

// check-unwritten: since the last time nothing was written to DynamoDB or S3.
func checkUnwrittenCommand(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 0 {
		ts.Fatalf("usage: check-unwritten")
	}
	c := fixtureOf(ts).cloud
	var writes []string
	for _, request := range c.dynamodb.takeRequests() {
		if !strings.HasSuffix(request, ".GetItem") && !strings.HasSuffix(request, ".Query") {
			writes = append(writes, request)
		}
	}
	for _, request := range c.s3.takeRequests() {
		if !strings.HasPrefix(request, "GET ") && !strings.HasPrefix(request, "HEAD ") {
			writes = append(writes, request)
		}
	}
	if (len(writes) > 0) != neg {
		ts.Fatalf("written: %q", writes)
	}
}
