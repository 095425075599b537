package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// faults are the faults of the next matching requests, one each.
type faults struct {
	match *regexp.Regexp
	kinds []string
}

// answer answers a request, by the service behind the proxy or with a fault.
type answer func(w http.ResponseWriter, r *http.Request, service http.Handler)

// The answers: of the service, and of each kind of fault.
var answers = map[string]answer{
	"": func(w http.ResponseWriter, r *http.Request, service http.Handler) { service.ServeHTTP(w, r) },
	// The request takes effect, but no answer arrives.
	"lost": func(_ http.ResponseWriter, r *http.Request, service http.Handler) {
		service.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	},
	"cut": func(http.ResponseWriter, *http.Request, http.Handler) { panic(http.ErrAbortHandler) },
	"500": func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusInternalServerError)
	},
	"throttled": refuseWith("ThrottlingException"),
	"expired":   refuseWith("ExpiredTokenException"),
}

func refuseWith(code string) answer {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"__type":%q,"message":"told to"}`, code)
	}
}

// next returns the answer for a request.
func (f *faults) next(request string, r *http.Request) answer {
	if len(f.kinds) == 0 {
		return answers[""]
	}
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	if err != nil || !f.match.MatchString(request+" "+string(body)) {
		return answers[""]
	}
	kind := f.kinds[0]
	f.kinds = f.kinds[1:]
	return answers[kind]
}

// inject WHERE KIND,... MATCH injects faults into the next requests to dynamodb, s3 or
// secrets that match a regular expression, one each. With WHERE alone it checks that
// all faults were used.
func injectCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 && len(args) != 3 {
		ts.Fatalf("usage: inject dynamodb|s3|secrets [KIND,... MATCH]")
	}
	w := fixtureOf(ts)
	c := map[string]*countingProxy{"dynamodb": w.cloud.dynamodb, "s3": w.cloud.s3, "secrets": w.cloud.keys}[args[0]]
	if c == nil {
		ts.Fatalf("%s is not known", args[0])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.fault.kinds) > 0 {
		ts.Fatalf("no request has met %q", c.fault.kinds)
	}
	if len(args) == 1 {
		return
	}
	match, err := regexp.Compile(args[2])
	ts.Check(err)
	kinds := strings.Split(args[1], ",")
	for _, kind := range kinds {
		if answers[kind] == nil {
			ts.Fatalf("the fault %q is not known", kind)
		}
	}
	c.fault = faults{match, kinds}
}
