// Package backlog speaks to Backlog: the few endpoints of its REST API,
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
)

// Options are what a Client works with.
type Options struct {
	// URL of the space, such as https://example.backlog.com; of Backlog
	// Enterprise with its path.
	URL string
	// APIKey or Token (an access token of OAuth 2): one of the two.
	APIKey Secret
	Token  Secret
	// Timeout bounds one request with its answer; 30 s when zero.
	Timeout time.Duration
	// MaxWait bounds how long a call waits for Backlog's rate limit to be
	// lifted; two minutes when zero. The limit is one a minute.
	MaxWait time.Duration
	Log     *slog.Logger
	// Now and Wait are the clock; nil: the real one.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// Transport sends requests; nil: the default one.
	Transport http.RoundTripper
}

// Client is a user of a space. Nulab asks for requests one after another, and
// for a second between updates: so it works whoever calls it at once.
type Client struct {
	Options
	base        *url.URL // of the API
	http        *http.Client
	requestSlot chan struct{} // holds the one request that may run
	lastUpdate  time.Time     // when the last update was sent
}

// New returns a client. Nothing is asked yet.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && base.Scheme != "http" || base.User != nil {
		// The text of err would hold the URL, and whatever was put into it.
		return nil, errors.New("the URL of a Backlog space is like https://SPACE.backlog.com")
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) {
		return nil, errors.New(base.Host + ": the API key would cross the network in plain text; use https")
	}
	if (o.APIKey == "") == (o.Token == "") {
		return nil, errors.New(base.Host + ": Backlog needs an API key or an OAuth token, one of the two")
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
		o.Sleep = sleep
	}
	c := &Client{Options: o, requestSlot: make(chan struct{}, 1)}
	c.base = &url.URL{Scheme: base.Scheme, Host: base.Host, Path: strings.TrimSuffix(base.Path, "/") + "/api/v2"}
	c.http = &http.Client{
		Transport: o.Transport,
		// A redirect could lead the key elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
