package main

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// git-server on|off lets the server of serve answer, or close each connection.
func gitServerCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "on" && args[0] != "off" {
		ts.Fatalf("usage: git-server on|off")
	}
	server := fixtureOf(ts).git
	server.Fault = nil
	if args[0] == "off" {
		server.Fault = func(http.ResponseWriter, *http.Request, int) bool { panic(http.ErrAbortHandler) }
	}
}

// replicate BUCKET TO copies the objects of a bucket in S3 that are not states to another
// one, under the same keys, as a replication rule does.
func replicateCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: replicate BUCKET TO")
	}
	server := fixtureOf(ts).cloud.s3server
	done := map[string]bool{}
	for _, request := range server.Requests() {
		key, ok := strings.CutPrefix(request.Path, "/"+args[0]+"/")
		if !ok || request.Method != http.MethodPut || request.Status != http.StatusOK || !strings.HasSuffix(key, ".tar.zst") || done[key] {
			continue
		}
		done[key] = true
		original, err := http.Get(server.URL + request.Path)
		ts.Check(err)
		copied, err := http.NewRequest(http.MethodPut, server.URL+"/"+args[1]+"/"+key, original.Body)
		ts.Check(err)
		copied.ContentLength = original.ContentLength
		answer, err := http.DefaultClient.Do(copied)
		ts.Check(err)
		_, err = io.Copy(io.Discard, answer.Body)
		ts.Check(errors.Join(err, answer.Body.Close(), original.Body.Close()))
		if answer.StatusCode != http.StatusOK {
			ts.Fatalf("copy %s: %s", key, answer.Status)
		}
	}
	if len(done) == 0 {
		ts.Fatalf("there is nothing to copy in %s", args[0])
	}
}

// refuse-bucket BUCKET makes S3 refuse each request to a bucket.
func refuseBucketCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: refuse-bucket BUCKET")
	}
	fixtureOf(ts).cloud.s3server.Inject(func(r *http.Request) int {
		if strings.HasPrefix(r.URL.Path+"/", "/"+args[0]+"/") {
			return http.StatusForbidden
		}
		return 0
	})
}
