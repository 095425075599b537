// Package backlog is a client of Backlog: it covers the few endpoints of the REST API,
// version 2, that reconcile uses (https://developer.nulab.com/docs/backlog/).
package backlog

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reconcile/internal/secret"
	"reconcile/internal/sleep"
)

// Options configures a Client.
type Options struct {
	// URL is the URL of the space, such as https://example.backlog.com. For Backlog
	// Enterprise it includes the path.
	URL string
	// Exactly one of APIKey and Token (an OAuth 2 access token) must be set.
	APIKey secret.Text
	Token  secret.Text
	// Timeout limits one request with its response; 0 means 30 seconds.
	Timeout time.Duration
	// MaxWait limits how long a call waits for the rate limit to reset; 0 means two
	// minutes. Backlog's limit is per minute.
	MaxWait time.Duration
	Log     *slog.Logger
	// Now and Sleep are the clock; nil means the real clock.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Transport sends requests; nil means the default transport.
	Transport http.RoundTripper
}

// Client makes requests as one user of a space. Nulab asks for one request at a time, and
// for one second between updates; Client ensures both. It is safe for concurrent use.
type Client struct {
	// Options is exported, so that fmt lets the API key and the token hide themselves.
	Options     Options
	base        *url.URL // of the API
	http        *http.Client
	requestSlot chan struct{} // held by the running request
	lastUpdate  time.Time     // time of the last update
}

// New returns a client. It sends no request.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil {
		// The text of err would contain the URL, which may contain a secret.
		return nil, errors.New("invalid URL of a Backlog space: it must look like https://SPACE.backlog.com")
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) {
		return nil, errors.New(base.Host + ": http would send the API key in plain text: use https")
	}
	if (o.APIKey == "") == (o.Token == "") {
		return nil, errors.New(base.Host + ": set an API key or an OAuth token, but not both")
	}
	for _, value := range []secret.Text{o.APIKey, o.Token} {
		if strings.TrimSpace(string(value)) != string(value) {
			return nil, errors.New(base.Host + ": the API key or token begins or ends with white space, such as a line break: store it without")
		}
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxWait == 0 {
		o.MaxWait = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep.For
	}
	c := &Client{Options: o, requestSlot: make(chan struct{}, 1)}
	c.base = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: strings.TrimSuffix(base.Path, "/") + "/api/v2"}
	c.http = &http.Client{
		Transport: o.Transport,
		// A redirect could send the key to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
