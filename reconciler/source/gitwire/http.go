package gitwire

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reconcile/internal/retryafter"
)

// Media types of Git's smart HTTP protocol (gitprotocol-http).
const (
	requestType       = "application/x-git-upload-pack-request"
	resultType        = "application/x-git-upload-pack-result"
	advertisementType = "application/x-git-upload-pack-advertisement"
)

// httpTransport is the smart HTTP protocol.
type httpTransport struct {
	address     Address
	credentials Credentials
	client      *http.Client
	retryPolicy RetryPolicy
}

func newHTTPTransport(a Address, opts Options) (*httpTransport, error) {
	c := opts.Credentials
	if a.scheme == "http" && !a.isLoopback() && (c.Username != "" || c.Password != "") {
		return nil, &Error{Kind: ErrURL, URL: a.String(), Text: "the password would be sent unencrypted", Help: "use https"}
	}
	dialer := &net.Dialer{Timeout: opts.Timeout}
	roundTripper := &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		TLSClientConfig:     &tls.Config{RootCAs: opts.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: opts.Timeout,
		DisableCompression:  true, // packs are already compressed
		MaxIdleConns:        2,
		IdleConnTimeout:     time.Minute,
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return &idleConn{Conn: conn, timeout: opts.Timeout}, nil
		},
	}
	client := &http.Client{
		Transport: roundTripper,
		// A redirect could send the password to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &httpTransport{address: a, credentials: c, client: client, retryPolicy: opts.Retry.orDefault()}, nil
}

func (t *httpTransport) lsRefs(ctx context.Context, request []byte) (io.ReadCloser, error) {
	return t.post(ctx, request, version2)
}

func (t *httpTransport) uploadPack(ctx context.Context, request []byte) (io.ReadCloser, error) {
	return t.post(ctx, request, version0)
}

func (t *httpTransport) post(ctx context.Context, body []byte, protocol gitProtocol) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.serviceURL("/git-upload-pack"), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", requestType)
	req.Header.Set("Accept", resultType)
	if protocol != version0 {
		req.Header.Set("Git-Protocol", string(protocol))
	}
	return t.do(req, resultType)
}

func (t *httpTransport) advertisement(ctx context.Context) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.serviceURL("/info/refs?service=git-upload-pack"), nil)
	if err != nil {
		return nil, err
	}
	response, err := t.do(req, advertisementType)
	if err != nil {
		return nil, err
	}
	if err := skipServiceLine(response); err != nil {
		response.Close()
		return nil, err
	}
	return response, nil
}

// serviceLine is the first line of an advertisement over HTTP; other transports do not send
// it.
const serviceLine = "001e# service=git-upload-pack\n0000"

func skipServiceLine(r io.Reader) error {
	head := make([]byte, len(serviceLine))
	if _, err := io.ReadFull(r, head); err != nil {
		return noEOF(err)
	}
	if string(head) != serviceLine {
		return errMalformedPkt
	}
	return nil
}

// serviceURL returns the URL of one of the repository's services.
func (t *httpTransport) serviceURL(service string) string {
	return strings.TrimRight(t.address.String(), "/") + service
}

// do sends the request. It accepts only status 200 with the given media type.
func (t *httpTransport) do(req *http.Request, mediaType string) (io.ReadCloser, error) {
	req.Header.Set("User-Agent", "git/"+userAgent) // some servers require git/
	if t.credentials.Username != "" || t.credentials.Password != "" {
		req.SetBasicAuth(string(t.credentials.Username), string(t.credentials.Password))
	}
	res, err := t.client.Do(req)
	if err != nil {
		return nil, classifyNetworkError(req.Context(), t.address.String(), unwrapURLError(err))
	}
	if err := t.checkResponse(res, mediaType); err != nil {
		res.Body.Close()
		return nil, err
	}
	return res.Body, nil
}

// unwrapURLError unwraps *url.Error, which repeats the text of *Error.
func unwrapURLError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// checkResponse returns an error for a response that is not from Git.
func (t *httpTransport) checkResponse(res *http.Response, mediaType string) error {
	e := &Error{URL: t.address.String(), Text: "status " + res.Status}
	got, _, _ := strings.Cut(res.Header.Get("Content-Type"), ";")
	got = strings.ToLower(strings.TrimSpace(got))
	switch code := res.StatusCode; {
	case code == http.StatusOK && got == mediaType:
		return nil
	case code == http.StatusOK:
		e.Kind, e.Text = ErrNotGit, fmt.Sprintf("its content type is %q", sanitizeLine([]byte(got)))
		e.Help = "use the URL that git clone accepts; a proxy or a login page may have answered instead"
	case code == http.StatusUnauthorized && t.credentials.Password == "":
		e.Kind, e.Text = ErrAuth, "no credentials given"
		e.Help = "set RECONCILE_GIT_USERNAME and RECONCILE_GIT_PASSWORD, or --git-credentials"
	case code == http.StatusUnauthorized:
		e.Kind, e.Text = ErrAuth, ""
		e.Help = "check the user name and password; with Backlog two-factor authentication, use the e-mail address and a special password for Git"
	case code == http.StatusForbidden:
		e.Kind, e.Help = ErrForbidden, "check that this user can read the repository, and that this address is among the space's allowed IP addresses"
	case code == http.StatusNotFound, code == http.StatusGone:
		e.Kind, e.Help = ErrNotFound, "check the address, and that this user may read the repository"
	case code == http.StatusProxyAuthRequired:
		e.Kind, e.Help = ErrUnreachable, "the proxy requires a password: set it in HTTPS_PROXY"
	case code >= 300 && code < 400:
		e.Kind, e.Help = ErrNotGit, redirectHelp(res)
	case code == http.StatusTooManyRequests:
		e.Kind, e.Help, e.Transient = ErrUnavailable, "the remote limits the number of requests; try again in a minute", true
		e.RetryAfter = retryAfter(res, t.retryPolicy.rateLimitDelay())
	case code == http.StatusServiceUnavailable:
		e.Kind, e.Help, e.Transient = ErrUnavailable, "try again later", true
		e.RetryAfter = retryAfter(res, t.retryPolicy.overloadDelay())
	case code >= 500:
		e.Kind, e.Help, e.Transient = ErrUnavailable, "try again later", true
	default:
		e.Kind, e.Help = ErrNotGit, "use the URL that git clone accepts"
	}
	return e
}

// retryAfter returns how long a response asks to wait, at least a second; without that, wait.
func retryAfter(res *http.Response, wait time.Duration) time.Duration {
	if asked, ok := retryafter.Wait(res.Header, time.Now()); ok {
		return max(asked, time.Second)
	}
	return wait
}

// redirectHelp names the target of the redirect without possible secrets.
func redirectHelp(res *http.Response) string {
	location, err := res.Location()
	if err != nil {
		return "redirects are not followed"
	}
	if strings.Contains(location.Path, "@") { // http://u:8/s3cret@host/ is read as host u, port 8
		return "it redirects to an address that may have a password in it (redirects are not followed, to protect the password)"
	}
	location.User, location.RawQuery, location.Fragment = nil, "", ""
	location.Path, _ = strings.CutSuffix(location.Path, "/git-upload-pack")
	location.Path, _ = strings.CutSuffix(location.Path, "/info/refs")
	return fmt.Sprintf("it redirects to %s: if that is the repository, use that URL (redirects are not followed, to protect the password)", location)
}
