package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// page STATUS METHOD URL [HOST] asks for a page, which must be answered with a status, and
// writes the headers and the body to stdout. HOST is the name that the request is for.
// LOCATION is set to where the answer leads.
func pageCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: page STATUS METHOD URL [HOST]")
	}
	r, err := http.NewRequest(args[1], args[2], nil)
	ts.Check(err)
	if len(args) == 4 {
		r.Host = args[3]
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	ts.Check(err)
	body, err := io.ReadAll(response.Body)
	ts.Check(err)
	ts.Check(response.Body.Close())
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		fmt.Fprintf(ts.Stdout(), "%s: %s\n", name, response.Header.Get(name))
	}
	fmt.Fprintf(ts.Stdout(), "\n%s", body)
	ts.Setenv("LOCATION", response.Header.Get("Location"))
	if strconv.Itoa(response.StatusCode) != args[0] {
		ts.Fatalf("%s %s was answered with %s, not %s: %s", args[1], args[2], response.Status, args[0], body)
	}
}
