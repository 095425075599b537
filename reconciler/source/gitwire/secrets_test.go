package gitwire_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"reconcile/reconciler/source/gittest"
	"reconcile/reconciler/source/gitwire"
)

// TestRemoteThatQuotesThePassword: a remote may say what we have sent it, in any place that
// an error or a warning shows.
func TestRemoteThatQuotesThePassword(t *testing.T) {
	t.Parallel()
	const password = "s3cret/pass word"
	basic := base64.StdEncoding.EncodeToString([]byte("ann:" + password))
	quoted := fmt.Sprintf("you said %s, in base64 %s, in a URL %s", password, basic, url.QueryEscape(password))
	line := func(text string) string { return fmt.Sprintf("%04x%s", len(text)+4, text) }
	respond := func(code int, kind string, header http.Header, body string) gittest.Fault {
		return func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			for name, values := range header {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Type", kind)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, c := range map[string]struct {
		fault gittest.Fault
		says  string
	}{
		"an error of Git":           {respond(200, gittest.PackMediaType, nil, line("ERR "+quoted)), "you said"},
		"a content type":            {respond(200, "text/"+basic, nil, ""), "content type"},
		"a redirect":                {respond(302, "text/plain", http.Header{"Location": {"https://elsewhere.example.com/" + url.PathEscape(password) + "/r.git"}}, ""), "elsewhere.example.com"},
		"a redirect with an @":      {respond(302, "text/plain", http.Header{"Location": {"http://u:8/other-s3cret@elsewhere.example.com/r.git"}}, ""), "may have a password"},
		"a malformed reference":     {respond(200, gittest.PackMediaType, nil, line(quoted+"\n")+"0000"), "not from Git"},
		"an error that is repeated": {respond(503, "text/plain", http.Header{"Retry-After": {"0"}}, quoted), "unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			repo := gittest.New(t)
			repo.CommitTxtar("first", "-- a --\n")
			server := gittest.ServeHTTP(t, repo)
			server.Fault = c.fault
			address, _, err := gitwire.ParseAddress(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			client, err := gitwire.New(address, gitwire.Options{
				Credentials: gitwire.Credentials{Username: "ann", Password: password},
				Retry:       gitwire.RetryPolicy{MaxTries: 2, InitialDelay: 1}, Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = client.Tip(t.Context(), "main", "")
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("the error does not say %q: %v", c.says, err)
			}
			for _, secret := range []string{password, basic, url.QueryEscape(password), url.PathEscape(password), "s3cret"} {
				if strings.Contains(err.Error()+log.String(), secret) {
					t.Errorf("%q is in %v, log %s", secret, err, log.String())
				}
			}
		})
	}
}

// TestSideBandThatQuotesThePassword: so may the message that ends a pack.
func TestSideBandThatQuotesThePassword(t *testing.T) {
	t.Parallel()
	const password = "s3cret/pass word"
	repo := gittest.New(t)
	commit := repo.CommitTxtar("first", "-- a --\n")
	server := gittest.ServeHTTP(t, repo)
	server.Fault = func(w http.ResponseWriter, r *http.Request, _ int) bool {
		message := "\x03fatal: " + password
		w.Header().Set("Content-Type", gittest.PackMediaType)
		fmt.Fprintf(w, "%04xshallow %s0000%04xNAK\n%04x%s", 4+8+40, commit, 4+4, 4+len(message), message)
		return true
	}
	address, _, err := gitwire.ParseAddress(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := gitwire.New(address, gitwire.Options{Credentials: gitwire.Credentials{Username: "ann", Password: password}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Fetch(t.Context(), 1, nil, func(pack io.Reader) error {
		_, err := io.Copy(io.Discard, pack)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "fatal: (redacted)") {
		t.Errorf("the error of the side band: %v", err)
	}
}
